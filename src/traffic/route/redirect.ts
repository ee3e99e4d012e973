/**
 * Where a redirect points.
 * @source Envoy `config_impl.cc` newUri; Istio `route.go` ApplyRedirect
 */
import { safeUriText } from '../headers/decide.js';
import type { RouteAction, StringMatch } from './policy.js';
import { pathOnly, type RequestFacts } from './request-parts.js';

type Redirect = Extract<RouteAction, { kind: 'redirect' }>;

/**
 * @param uri the route's condition on the path: a prefix rewrite replaces what it matched
 * @returns an absolute URI: whatever the caller sent, it holds neither spaces nor control characters
 */
export function redirectLocation(
  redirect: Redirect,
  uri: StringMatch | undefined,
  request: RequestFacts,
): string {
  const scheme = redirect.scheme ?? request.scheme;
  const port = portText(redirect, scheme, request.port);
  const host = redirect.authority ?? hostText(request, scheme, port !== '');
  const path = pathText(redirect, uri, request.path);
  return safeUriText(`${scheme}://${host}${port}${path.startsWith('/') ? '' : '/'}${path}`);
}

function portText(redirect: Redirect, scheme: string, addressed: number): string {
  const port = redirect.port === 'FROM_REQUEST_PORT' ? addressed : redirect.port;
  if (port === undefined || port === 'FROM_PROTOCOL_DEFAULT') return '';
  return isDefaultPort(scheme, port) ? '' : `:${port}`;
}

/** The request's own host; its port goes if another one is given, or if it was the default of a scheme that changes. */
function hostText(request: RequestFacts, scheme: string, otherPort: boolean): string {
  const found = /^(.*):(\d+)$/.exec(request.authority);
  if (found === null) return request.authority;
  const wasDefault = isDefaultPort(request.scheme, Number(found[2]));
  return otherPort || (scheme !== request.scheme && wasDefault) ? found[1]! : request.authority;
}

function pathText(redirect: Redirect, uri: StringMatch | undefined, path: string): string {
  const bare = pathOnly(path);
  const query = path.slice(bare.length);
  if (redirect.uri !== undefined) return redirect.uri.includes('?') ? redirect.uri : redirect.uri + query;
  if (redirect.prefixRewrite === undefined) return path;
  return redirect.prefixRewrite + bare.slice(matchedLength(uri, bare)) + query;
}

/**
 * How much of the path the condition matched: all of it unless the condition is a prefix. Istio writes the prefix `/` where nothing is
 * asked of the path.
 * @source Envoy `config_impl.cc` currentUrlPathAfterRewrite of prefix, path and regex routes
 */
export function matchedLength(uri: StringMatch | undefined, path: string): number {
  if (uri === undefined || 'present' in uri) return 1;
  return 'prefix' in uri ? uri.prefix.length : path.length;
}

function isDefaultPort(scheme: string, port: number): boolean {
  return (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443);
}
