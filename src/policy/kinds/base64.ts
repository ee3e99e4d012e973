/** Bytes in YAML, as protobuf's JSON writes them. */

/** The UTF-8 text behind `base64`, or null if it is none. */
export function decodeText(base64: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
