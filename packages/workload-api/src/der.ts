/** Certificates of DER stand one after the other, with nothing between them: where does each one end? */

/**
 * Splits `bytes` into ASN.1 sequences. What is in them is not looked at.
 * @param most more than that is refused
 * @returns null if they are not sequences, whole, in definite and shortest form, to the last byte
 */
export function splitDer(bytes: Buffer, most: number): readonly Buffer[] | null {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (parts.length === most) return null;
    const end = endOf(bytes, at);
    if (end === null || end > bytes.length) return null;
    parts.push(bytes.subarray(at, end));
    at = end;
  }
  return parts;
}

/** @source ITU-T X.690 §8.1.3, §10.1 */
function endOf(bytes: Buffer, at: number): number | null {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag !== 0x30 || first === undefined) return null;
  if (first < 0x80) return at + 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 2 + count > bytes.length) return null;
  const length = bytes.readUIntBE(at + 2, count);
  const isShortest = length >= (count === 1 ? 0x80 : 2 ** (8 * (count - 1)));
  return isShortest ? at + 2 + count + length : null;
}
