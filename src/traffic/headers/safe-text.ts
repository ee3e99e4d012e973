/**
 * Text that comes from a caller, made fit for a header: nothing in it can end the line and begin another header.
 * @source RFC 9110 §5.5 (field values), RFC 3986 §2.1 (percent-encoding)
 */

/** What may not stand in a field value: control characters other than a tab. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
const CONTROLS = /[\0-\x08\x0a-\x1f\x7f]/g;

/** @returns true if `text` can end a header's line, or cut it short */
export function breaksLine(text: string): boolean {
  return /[\r\n\0]/.test(text);
}

/** Each control character becomes a space, as RFC 9110 asks of whoever receives CR, LF or NUL. */
export function safeFieldText(text: string): string {
  return CONTROL.test(text) ? text.replace(CONTROLS, ' ') : text;
}

const NOT_IN_URI = /[^\x21-\x7e]/;

/** Everything that no URI may hold is percent-encoded; what is encoded already stays as it is. */
export function safeUriText(text: string): string {
  if (!NOT_IN_URI.test(text)) return text;
  return text.replace(/[^\x21-\x7e]+/g, (run) => encodeURIComponent(wellFormed(run)));
}

/** Halves of surrogate pairs stand for no character: `encodeURIComponent` throws at them. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
