/**
 * What HTTP spans and metrics are named and described by: OpenTelemetry's stable HTTP conventions, as far as we use
 * them. Pure. The names are written down here because the package that holds them all weighs 9 MB.
 * @source open-telemetry/semantic-conventions `docs/http/http-spans.md`
 */

const KNOWN_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

/** The method if it is a standard one, else `_OTHER`: anything else would let a caller name our metrics. */
export function knownMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '_OTHER';
}

/** First word of a span's name. */
export function methodInName(method: string): string {
  return KNOWN_METHODS.has(method) ? method : 'HTTP';
}

export interface HostAndPort {
  /** Without the brackets of an IPv6 address. */
  readonly address: string;
  readonly port: number;
}

/** The parts of `host`, `host:port`, `[v6]:port`; the scheme's port where none is named. User information is dropped. */
export function splitAuthority(authority: string, scheme: string): HostAndPort {
  const text = authority.slice(authority.lastIndexOf('@') + 1);
  const match = AUTHORITY.exec(text);
  const port = match?.[3] === undefined ? Number.NaN : Number(match[3]);
  return {
    address: match?.[1] ?? match?.[2] ?? text,
    port: port > 0 && port <= 65_535 ? port : scheme === 'https' ? 443 : 80,
  };
}

/** `url.full`, with what may be secret in it replaced. */
export function fullUrl(scheme: string, authority: string, path: string): string {
  const at = authority.lastIndexOf('@');
  const host = at < 0 ? authority : `REDACTED:REDACTED@${authority.slice(at + 1)}`;
  return redactQuery(`${scheme}://${host}${path}`).slice(0, MAX_URL);
}

/** `text` with the values of query keys that are known to hold signatures and keys replaced. */
export function redactQuery(text: string): string {
  return text.includes('=') ? text.replace(SECRET, '$1=REDACTED') : text;
}

/** Path and query apart, the query without its `?` and redacted; undefined if there is none. */
export function splitPath(path: string): { readonly path: string; readonly query: string | undefined } {
  const mark = path.indexOf('?');
  if (mark < 0) return { path: path.slice(0, MAX_URL), query: undefined };
  const query = redactQuery(path.slice(mark, MAX_URL)).slice(1);
  return { path: path.slice(0, Math.min(mark, MAX_URL)), query: query === '' ? undefined : query };
}

/** Longer URLs are cut: a span is a record, not an archive. */
const MAX_URL = 4096;
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/;
const SECRET = /([?&](?:AWSAccessKeyId|Signature|sig|X-Goog-Signature))=[^&#]*/g;
