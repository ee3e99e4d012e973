/**
 * Where a redirect points.
 * @source Envoy `config_impl.cc` newUri; Istio `route.go` ApplyRedirect
 */
import { pathOnly, type RequestFacts } from './match.js';
import type { RouteAction, StringMatch } from './policy.js';

type Redirect = Extract<RouteAction, { kind: 'redirect' }>;

/** @param uri the route's condition on the path: a prefix rewrite replaces what it matched */
export function redirectLocation(
  redirect: Redirect,
  uri: StringMatch | undefined,
  request: RequestFacts,
): string {
  const scheme = redirect.scheme ?? request.scheme;
  const port = portText(redirect, scheme, request.port);
  const host = redirect.authority ?? hostText(request, scheme, port !== '');
  return `${scheme}://${host}${port}${pathText(redirect, uri, request.path)}`;
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
  const matched = uri !== undefined && 'prefix' in uri ? uri.prefix.length : 1;
  return redirect.prefixRewrite + bare.slice(matched) + query;
}

function isDefaultPort(scheme: string, port: number): boolean {
  return (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443);
}
