/** The parts of a request that routing looks at. */
import { type HeaderFields, headerValue } from '../../base/headers.js';

/** What routing looks at. */
export interface RequestFacts {
  /** In upper case. */
  readonly method: string;
  readonly scheme: string;
  /** As the caller wrote it, port included. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: HeaderFields;
  /** The service port that the caller addressed. */
  readonly port: number;
  /** Of the verified token; absent or null: there is none. */
  readonly claims?: Readonly<Record<string, unknown>> | null;
}

/** The path without its query. */
export function pathOnly(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/**
 * A header's value. The request line counts as HTTP/2 has it, in fields, and `host` is the authority; `:status` and all other names
 * with a colon: a request has none.
 * @source Envoy `header_map_impl.cc`: `host` is another name of `:authority`
 */
export function requestField(request: RequestFacts, name: string): string | undefined {
  switch (name) {
    case ':method':
      return request.method;
    case ':scheme':
      return request.scheme;
    case ':authority':
    case 'host':
      return request.authority;
    case ':path':
      return request.path;
    default:
      return name.startsWith(':') ? undefined : headerValue(request.headers, name);
  }
}

/** Where the path ends and its query begins, or the whole ends. */
export function pathEnd(path: string): number {
  const query = path.indexOf('?');
  return query < 0 ? path.length : query;
}

let lastPath = '';
let lastBare = '';

/** The path without its query, cut off once however many patterns are held against it. */
export function barePath(path: string, end: number): string {
  if (end === path.length) return path;
  if (path !== lastPath) {
    lastPath = path;
    lastBare = path.slice(0, end);
  }
  return lastBare;
}

/** The first value of a query parameter as it was sent: Envoy's router matches without decoding. */
export function queryParameter(path: string, name: string): string | undefined {
  const start = queryValueStart(path, name);
  return start < 0 ? undefined : path.slice(start, queryValueEnd(path, start));
}

/**
 * Where the first value of a query parameter starts, -1 if there is none. A parameter without `=` has an empty value.
 * @source Envoy `utility.cc` parseQueryString
 */
export function queryValueStart(path: string, name: string): number {
  // What stands before the first = is the name, so no name holds one.
  if (name.includes('=')) return -1;
  let at = path.indexOf('?');
  while (at >= 0) {
    const start = at + 1;
    at = path.indexOf('&', start);
    if (!path.startsWith(name, start)) continue;
    const after = start + name.length;
    const end = at < 0 ? path.length : at;
    if (after === end) return after;
    if (after < end && path.charCodeAt(after) === EQUALS) return after + 1;
  }
  return -1;
}

/** @param start as {@link queryValueStart} gives it */
export function queryValueEnd(path: string, start: number): number {
  const end = path.indexOf('&', start);
  return end < 0 ? path.length : end;
}

const EQUALS = 0x3d;

/** Claims that hold a list in one text, separated by spaces. @source Istio `spaceDelimitedClaims`, its fixed part */
const SPACE_DELIMITED: ReadonlySet<string> = new Set(['scope', 'permission']);

/** The texts of a claim: of a list those elements that are text; null if there is no such claim, or it holds no text. */
export function claimTexts(
  claims: RequestFacts['claims'],
  path: readonly string[],
): readonly string[] | string | null {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    if (!Object.hasOwn(value, name)) return null;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  if (typeof value === 'string')
    return path.length === 1 && SPACE_DELIMITED.has(path[0]!) ? [value, ...value.split(' ')] : value;
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : null;
}
