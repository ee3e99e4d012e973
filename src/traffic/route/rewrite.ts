/**
 * What a route changes about a request before it is forwarded.
 * @source Envoy `config_impl.cc` finalizePathHeader; Istio `route.go` applyHTTPRouteDestination
 */
import { applyHeaders, type HeaderContext, safeFieldText } from '../headers/decide.js';
import type { CompiledDestination, CompiledRoute } from './compile.js';
import type { RewritePolicy, StringMatch } from './policy.js';
import { matchedLength } from './redirect.js';
import { pathOnly } from './request-parts.js';
import { Substitution } from './substitute.js';

/** How the path changes. */
export type CompiledRewrite =
  /** What the condition on the path matched is replaced. */
  | { readonly kind: 'matched'; readonly uri: StringMatch | undefined; readonly text: string }
  /** All matches are replaced. */
  | { readonly kind: 'regex'; readonly substitution: Substitution };

/** null: the path stays. @throws Error on a pattern that is not RE2, RangeError on a group that it has not */
export function compileRewrite(
  rewrite: RewritePolicy | undefined,
  uri: StringMatch | undefined,
): CompiledRewrite | null {
  if (rewrite?.uriRegex !== undefined) return compileRegexRewrite(rewrite.uriRegex);
  if (rewrite?.uri === undefined || rewrite.uri === '') return null;
  return { kind: 'matched', uri, text: rewrite.uri };
}

function compileRegexRewrite({ match, rewrite }: NonNullable<RewritePolicy['uriRegex']>): CompiledRewrite {
  return { kind: 'regex', substitution: new Substitution(match, rewrite) };
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

/** The new path; the query stays. */
export function rewritePath(rewrite: CompiledRewrite, path: string): string {
  const bare = pathOnly(path);
  const query = path.slice(bare.length);
  if (rewrite.kind === 'regex') return rewrite.substitution.apply(bare) + query;
  return rewrite.text + bare.slice(matchedLength(rewrite.uri, bare)) + query;
}

/** What may change about a request; a call is one. Its other facts are for operators in header values. */
export interface RewritableRequest extends HeaderContext {
  authority: string;
  path: string;
}

/**
 * Rewrites path, authority and headers in place, as the route and the chosen destination say, and returns the same object.
 * The path as it was is kept in `x-envoy-original-path` by every rewrite of the path, as Envoy does.
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
    request.headers['x-envoy-original-path'] = safeFieldText(request.path);
    request.path = rewritePath(route.rewrite, request.path);
  }
  if (destination.authority !== null) request.authority = destination.authority;
  return request;
}
