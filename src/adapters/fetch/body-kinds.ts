/** What the bytes of a body become. */

export function asText(bytes: Buffer): string {
  // A leading byte order mark is not part of the text (Encoding standard, UTF-8 decode).
  const marked = bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return bytes.toString('utf8', marked ? 3 : 0);
}

export function asJson(bytes: Buffer): unknown {
  return JSON.parse(asText(bytes));
}

/** In a buffer of their own: that of the socket is shared. */
export function asBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

export function asArrayBuffer(bytes: Buffer): ArrayBuffer {
  return asBytes(bytes).buffer;
}
