/**
 * One normal form of a request's path, made before it is matched and then served: what was checked is what is served.
 * @source Istio mesh config `pathNormalization`; RFC 3986 §5.2.4 (dot segments), §6.2.2.2 (unreserved characters)
 */

/** How much is made equal before matching. @default 'BASE' (Istio) */
export type PathNormalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

/** What no request target may hold: control characters (a NUL ends strings elsewhere) and the start of a fragment. */
const FORBIDDEN = /[\0-\x1f\x7f#]/;
const ABSOLUTE_FORM = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i;
/** Anything that one of the steps would change. */
const SUSPECT = /[\\%]|\/\.|\/\//;

/**
 * The normal form of a path; a query behind it is kept as it is. Idempotent in every mode.
 *
 * `BASE` turns backslashes into slashes, decodes percent-encoded unreserved characters (`%61` is `a`, `%2e` is a dot), and resolves
 * dot segments. `MERGE_SLASHES` makes one slash of several, too. `DECODE_AND_MERGE_SLASHES` first decodes `%2F` and `%5C` to slashes.
 * A `%` that starts no escape becomes `%25`, else decoding once and decoding twice would differ.
 *
 * In absolute form (`http://host/path`) only the path and query are kept, as an origin server reads them.
 * @returns null for what must be refused: control characters, a `#`, or no path at all
 * @example normalizePath('/a/../admin', 'BASE'); // => '/admin'
 */
export function normalizePath(path: string, mode: PathNormalization): string | null {
  if (isNormal(path)) return path;
  if (FORBIDDEN.test(path)) return null;
  let target = path;
  if (target.charCodeAt(0) !== SLASH) {
    if (target === '*') return target;
    const start = ABSOLUTE_FORM.exec(target);
    if (start === null) return null;
    target = target.slice(start[0].length);
    if (target.charCodeAt(0) !== SLASH) target = `/${target}`;
  }
  if (mode === 'NONE' || !SUSPECT.test(target)) return target;
  const query = target.indexOf('?');
  if (query < 0) return normalize(target, mode);
  return normalize(target.slice(0, query), mode) + target.slice(query);
}

/**
 * Is `path` one that no step of any mode changes, and no mode refuses? The usual case, told in one go: no control characters, `#`, `%` or
 * `\\`, and neither a dot nor a slash behind a slash.
 */
function isNormal(path: string): boolean {
  let behindSlash = false;
  for (let at = 0; at < path.length; at += 1) {
    const code = path.charCodeAt(at);
    if (code < SPACE || code === HASH || code === PERCENT || code === BACKSLASH || code === DELETE)
      return false;
    if (behindSlash && (code === SLASH || code === DOT)) return false;
    behindSlash = code === SLASH;
  }
  return path.charCodeAt(0) === SLASH;
}

const SPACE = 0x20;
const HASH = 0x23;
const PERCENT = 0x25;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const ESCAPE = /%([0-9a-fA-F]{2})?/g;

function normalize(path: string, mode: Exclude<PathNormalization, 'NONE'>): string {
  const slashes = mode === 'DECODE_AND_MERGE_SLASHES';
  const decoded = path.replace(ESCAPE, (written, hex: string | undefined) => {
    if (hex === undefined) return '%25';
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    if (/[A-Za-z0-9._~-]/.test(character)) return character;
    return slashes && (character === '/' || character === '\\') ? '/' : written;
  });
  const resolved = removeDotSegments(decoded.replaceAll('\\', '/'));
  return mode === 'BASE' ? resolved : resolved.replace(/\/{2,}/g, '/');
}

function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  for (let at = 1; at < segments.length; at++) {
    const segment = segments[at]!;
    const dots = segment === '.' || segment === '..';
    if (segment === '..') kept.pop();
    if (!dots) kept.push(segment);
    // `/a/..` and `/a/.` name a folder: they keep their last slash.
    else if (at === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
