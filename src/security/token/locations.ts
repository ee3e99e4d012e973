/**
 * Where tokens are in a request: found, hidden from logs, and taken out.
 * @source Envoy `jwt_authn/extractor.cc`
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { TokenLocation } from './policy.js';

/** The part of a request that may hold tokens. */
export interface TokenRequest {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: HeaderFields;
}

/**
 * All tokens at one location: every one of them has to be good, or a reader that takes another one of them than we did is fooled.
 * @returns empty if there are none
 */
export function tokensAt(location: TokenLocation, request: TokenRequest): string[] {
  if (location.in === 'header') return tokenInHeader(location, request.headers);
  if (location.in === 'param') {
    const found: string[] = [];
    for (const pair of pairsOf(request.path)) if (pair.name === location.name) found.push(pair.value);
    return found;
  }
  return cookies(headerValue(request.headers, 'cookie') ?? '', location.name);
}

/** What a token is made of. @source RFC 7515 §7.1 */
const FIRST_OF_TOKEN = /[A-Za-z0-9_.-]/;

function tokenInHeader(location: TokenLocation & { readonly in: 'header' }, headers: HeaderFields): string[] {
  const value = headerValue(headers, location.name);
  if (value === undefined || value === '') return [];
  if (location.prefix === '') return [value];
  // Anywhere in the field, as in Envoy: what stands before does not make the token none.
  const at = value.indexOf(location.prefix);
  if (at < 0) return [];
  const rest = value.slice(at + location.prefix.length);
  const start = rest.search(FIRST_OF_TOKEN);
  return [start < 0 ? value : rest.slice(start)];
}

function cookies(field: string, name: string): string[] {
  const found: string[] = [];
  for (const part of field.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    const value = part.slice(equals + 1).trim();
    found.push(
      value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value,
    );
  }
  return found;
}

interface Pair {
  readonly written: string;
  readonly name: string;
  readonly value: string;
}

function pairsOf(path: string): Pair[] {
  const query = path.indexOf('?');
  if (query < 0) return [];
  return path
    .slice(query + 1)
    .split('&')
    .map((written) => {
      const equals = written.indexOf('=');
      const name = equals < 0 ? written : written.slice(0, equals);
      return { written, name: decode(name), value: equals < 0 ? '' : decode(written.slice(equals + 1)) };
    });
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `path` without the query parameters called by `names`. */
export function withoutParams(path: string, names: ReadonlySet<string>): string {
  return changeParams(path, names, () => null);
}

/** `path` with the values of those parameters replaced: for logs and traces. */
export function hideParams(path: string, names: ReadonlySet<string>): string {
  return changeParams(path, names, ({ written }) => `${written.split('=', 1)[0]}=REDACTED`);
}

/** The very same text if nothing is to be changed. */
function changeParams(
  path: string,
  names: ReadonlySet<string>,
  change: (pair: Pair) => string | null,
): string {
  const query = path.indexOf('?');
  if (query < 0 || names.size === 0) return path;
  const pairs = pairsOf(path);
  if (!pairs.some(({ name }) => names.has(name))) return path;
  const kept = pairs.map((pair) => (names.has(pair.name) ? change(pair) : pair.written));
  const rest = kept.filter((written) => written !== null).join('&');
  return rest === '' ? path.slice(0, query) : `${path.slice(0, query)}?${rest}`;
}
