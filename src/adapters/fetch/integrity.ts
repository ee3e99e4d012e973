/** Does a body have the digest that its reader asked for? @source W3C Subresource Integrity §3.3 */
import { createHash } from 'node:crypto';

const METADATA = /^(sha256|sha384|sha512)-([^?]*)/i;

/** Of several digests the strongest algorithm counts, and any one of it; what is none is passed over, and nothing but such asks for nothing. */
export function hasIntegrity(bytes: Uint8Array, integrity: string): boolean {
  const digests = integrity
    .split(/[\t\n\f\r ]+/)
    .map((item) => METADATA.exec(item))
    .filter((match) => match !== null)
    .map(([, algorithm, digest]) => ({ algorithm: algorithm!.toLowerCase(), digest: digest! }));
  const strongest = digests
    .map(({ algorithm }) => algorithm)
    .sort()
    .at(-1);
  if (strongest === undefined) return true;
  const actual = createHash(strongest).update(bytes).digest();
  return digests.some(
    // base64 and base64url alike.
    ({ algorithm, digest }) => algorithm === strongest && Buffer.from(digest, 'base64').equals(actual),
  );
}
