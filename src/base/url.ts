/** Reading URLs. */

/**
 * `text` as a URL, resolved against `base` if that is given; null if it is none. Not by `URL.canParse`: that of Node 20 and 22, once V8 has
 * optimized its caller, says no to `http://ü/` and whatever else has a character from U+0080 to U+00FF. `URL.parse` came with Node 22.
 */
export function parseUrl(text: string, base?: string | URL): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
