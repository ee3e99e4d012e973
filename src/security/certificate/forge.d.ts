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

declare module 'node-forge/lib/util.js' {
  const util: { createBuffer(bytes: string): ForgeBytes };
  export default util;
}

declare module 'node-forge/lib/sha1.js' {
  const sha1: { create(): object };
  export default sha1;
}

declare module 'node-forge/lib/sha256.js' {
  const sha256: { create(): object };
  export default sha256;
}

declare module 'node-forge/lib/pkcs12.js' {
  const pkcs12: {
    generateKey(
      password: string,
      salt: ForgeBytes,
      id: number,
      iterations: number,
      bytes: number,
      digest: object,
    ): ForgeBytes;
  };
  export default pkcs12;
}
