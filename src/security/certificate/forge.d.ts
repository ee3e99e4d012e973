/**
 * The few things used of node-forge, module by module: its own entry loads everything, and its published types leak a second
 * package into ours. Byte strings are "binary": one character a byte.
 */
interface ForgeBytes {
  getBytes(): string;
}

declare module 'node-forge/lib/asn1.js' {
  interface Asn1 {
    tagClass: number;
    type: number;
    constructed: boolean;
    value: string | Asn1[];
  }
  const asn1: {
    create(tagClass: number, type: number, constructed: boolean, value: string | Asn1[]): Asn1;
    fromDer(
      bytes: string,
      options: { strict: boolean; parseAllBytes: boolean; decodeBitStrings: boolean; maxDepth: number },
    ): Asn1;
    toDer(node: Asn1): ForgeBytes;
    oidToDer(oid: string): ForgeBytes;
    derToOid(bytes: string): string;
    dateToUtcTime(date: Date): string;
    dateToGeneralizedTime(date: Date): string;
  };
  export default asn1;
}

declare module 'node-forge/lib/pkcs12.js' {
  import type asn1 from 'node-forge/lib/asn1.js';

  type Asn1 = ReturnType<typeof asn1.create>;
  interface Bag {
    type: string;
    attributes: { localKeyId?: string[] };
    /** null: of a kind that forge does not know; then `asn1` has it. */
    key?: object | null;
    cert?: object | null;
    asn1?: Asn1;
  }
  const pkcs12: {
    pkcs12FromAsn1(pfx: Asn1, strict: boolean, password: string): { safeContents: { safeBags: Bag[] }[] };
    generateKey(
      password: string,
      salt: object,
      id: number,
      iterations: number,
      bytes: number,
      digest: object,
    ): ForgeBytes;
  };
  export default pkcs12;
}
