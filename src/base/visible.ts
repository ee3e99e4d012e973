/** Visible ASCII and nothing else, not even a space; not empty. A scan, no regular expression: it is asked of each request. */
export function isVisible(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f) return false;
  }
  return text.length > 0;
}
