/**
 * What a route changes about a request before it is forwarded.
 * @source Envoy `config_impl.cc` finalizePathHeader; Istio `route.go` applyHTTPRouteDestination
 */
import { RE2JS } from 're2js';
import { applyHeaders, type HeaderContext } from '../headers/decide.js';
import type { CompiledDestination, CompiledRoute } from './compile.js';
import { pathOnly } from './match.js';
import type { RewritePolicy, StringMatch } from './policy.js';
import { MAX_PATTERN_LENGTH } from './regex.js';

/** How the path changes. */
export type CompiledRewrite =
  /** `length` characters at the front are replaced; -1: all of the path. */
  | { readonly kind: 'front'; readonly length: number; readonly text: string }
  /** All matches are replaced. */
  | { readonly kind: 'regex'; readonly pattern: RE2JS; readonly pieces: readonly (string | number)[] };

/** null: the path stays. @throws Error on a pattern that is not RE2, RangeError on a group that it has not */
export function compileRewrite(
  rewrite: RewritePolicy | undefined,
  uri: StringMatch | undefined,
): CompiledRewrite | null {
  if (rewrite?.uriRegex !== undefined) return compileRegexRewrite(rewrite.uriRegex);
  if (rewrite?.uri === undefined || rewrite.uri === '') return null;
  const length =
    uri === undefined || 'present' in uri ? 1 : 'prefix' in uri ? Math.max(1, uri.prefix.length) : -1;
  return { kind: 'front', length, text: rewrite.uri };
}

/** @throws RangeError if the pattern is too long, or the replacement names a group that it has not */
function compileRegexRewrite(regex: NonNullable<RewritePolicy['uriRegex']>): CompiledRewrite {
  if (regex.match.length > MAX_PATTERN_LENGTH)
    throw new RangeError(`the regular expression is longer than ${MAX_PATTERN_LENGTH} characters`);
  const pattern = RE2JS.compile(regex.match);
  const pieces = substitution(regex.rewrite);
  for (const piece of pieces)
    if (typeof piece === 'number' && piece > pattern.groupCount())
      throw new RangeError(`the replacement names group ${piece}; the pattern has ${pattern.groupCount()}`);
  return { kind: 'regex', pattern, pieces };
}

/** What is wrong with a pattern and its replacement, or null. */
export function regexRewriteFault(regex: NonNullable<RewritePolicy['uriRegex']>): string | null {
  try {
    compileRegexRewrite(regex);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Text, and numbers of groups: RE2 writes `\1`, and `\0` for the whole match. */
function substitution(rewrite: string): readonly (string | number)[] {
  const pieces: (string | number)[] = [];
  for (const [text] of rewrite.matchAll(/\\\d|\\\\|[^\\]+|\\/g)) {
    if (/^\\\d$/.test(text)) pieces.push(Number(text[1]));
    else pieces.push(text === '\\\\' ? '\\' : text);
  }
  return pieces;
}

/** The new path; the query stays. */
export function rewritePath(rewrite: CompiledRewrite, path: string): string {
  const bare = pathOnly(path);
  const query = path.slice(bare.length);
  if (rewrite.kind === 'regex') {
    const fill = (...groups: readonly unknown[]) =>
      rewrite.pieces.map((piece) => (typeof piece === 'string' ? piece : groupText(groups[piece]))).join('');
    return rewrite.pattern.matcher(bare).replaceAll(fill) + query;
  }
  return rewrite.text + (rewrite.length < 0 ? '' : bare.slice(rewrite.length)) + query;
}

/** A group that took no part is empty. */
function groupText(group: unknown): string {
  return typeof group === 'string' ? group : '';
}

/** What may change about a request; a call is one. Its other facts are for operators in header values. */
export interface RewritableRequest extends HeaderContext {
  authority: string;
  path: string;
}

/**
 * Rewrites path, authority and headers in place, as the route and the chosen destination say, and returns the same object.
 * The path as it was is kept in `x-envoy-original-path` if it changes.
 */
export function rewriteRequest<T extends RewritableRequest>(
  route: CompiledRoute,
  destination: CompiledDestination,
  request: T,
): T {
  if (destination.untouched) return request;
  if (destination.requestHeaders.length > 0)
    applyHeaders(destination.requestHeaders, request.headers, request);
  if (route.rewrite !== null) {
    const path = rewritePath(route.rewrite, request.path);
    if (path !== request.path) {
      request.headers['x-envoy-original-path'] = request.path;
      request.path = path;
    }
  }
  if (destination.authority !== null) request.authority = destination.authority;
  return request;
}
