/** Conditions and header operations of a rule, in the routing feature's own words. */
import type { HeaderOperations, HeaderPolicy } from '../../traffic/headers/policy.js';
import type { ClaimMatch, NamedMatch, RouteMatch, StringMatch } from '../../traffic/route/policy.js';
import type { StringMatchSpec } from '../kinds/common.js';
import type { HeadersSpec, HttpMatchSpec } from '../kinds/virtual-service.js';

/** Nothing set: presence. So does `regex: '*'`, which `withoutHeaders` may have. */
export function stringMatch(match: StringMatchSpec): StringMatch {
  if (match.exact !== undefined) return { exact: match.exact };
  if (match.prefix !== undefined) return { prefix: match.prefix };
  if (match.regex !== undefined && match.regex !== '*') return { regex: match.regex };
  return { present: true };
}

/** undefined: every request. Conditions on the caller are not part of it: they were decided already. */
export function effectiveMatch(match: HttpMatchSpec): RouteMatch | undefined {
  const claims = [...claimMatches(match.headers), ...claimMatches(match.withoutHeaders, { invert: true })];
  const headers = [...namedMatches(match.headers, true), ...without(match.withoutHeaders)];
  const queryParams = namedMatches(match.queryParams, false);
  const conditions: RouteMatch = {
    ...(match.uri !== undefined && { uri: stringMatch(match.uri) }),
    ...(match.ignoreUriCase === true && match.uri !== undefined && { ignoreUriCase: true as const }),
    ...(match.scheme !== undefined && { scheme: stringMatch(match.scheme) }),
    ...(match.method !== undefined && { method: stringMatch(match.method) }),
    ...(match.authority !== undefined && { authority: stringMatch(match.authority) }),
    ...(headers.length > 0 && { headers }),
    ...(claims.length > 0 && { claims }),
    ...(queryParams.length > 0 && { queryParams }),
    ...(match.port && { port: match.port }),
  };
  return Object.keys(conditions).length === 0 ? undefined : conditions;
}

function namedMatches(
  matches: Readonly<Record<string, StringMatchSpec>> | undefined,
  fold: boolean,
): NamedMatch[] {
  return Object.entries(matches ?? {})
    .filter(([name]) => !fold || claimPath(name) === null)
    .map(([name, match]) => ({ name: fold ? name.toLowerCase() : name, match: stringMatch(match) }));
}

const CLAIMS = '@request.auth.claims';

/**
 * A header of this name is no header but a claim of the caller's token: `@request.auth.claims.a.b`, or `[a][b]` where names have dots.
 * @source Istio `pkg/jwt/routing.go` ToRoutingClaim
 */
function claimPath(header: string): readonly string[] | null {
  if (!header.toLowerCase().startsWith(CLAIMS)) return null;
  const rest = header.slice(CLAIMS.length);
  if (rest.startsWith('.') && rest.length > 1) return rest.slice(1).split('.');
  if (rest.startsWith('[') && rest.endsWith(']') && rest.length > 2) return rest.slice(1, -1).split('][');
  return null;
}

function claimMatches(
  matches: Readonly<Record<string, StringMatchSpec>> | undefined,
  invert: { readonly invert?: true } = {},
): ClaimMatch[] {
  return Object.entries(matches ?? {}).flatMap(([name, match]) => {
    const path = claimPath(name);
    return path === null ? [] : [{ path, match: stringMatch(match), ...invert }];
  });
}

function without(matches: HttpMatchSpec['withoutHeaders']): NamedMatch[] {
  return namedMatches(matches, true).map((named) => ({ ...named, invert: true as const }));
}

/** @source Istio `route.go` IsCatchAllRoute */
export function isCatchAll(match: RouteMatch): boolean {
  const { uri, ignoreUriCase: _ignored, ...others } = match;
  if (Object.keys(others).length > 0 || uri === undefined) return false;
  return ('prefix' in uri && uri.prefix === '/') || ('regex' in uri && uri.regex === '.*');
}

export function effectiveHeaders(headers: HeadersSpec | undefined): HeaderPolicy | undefined {
  const request = operations(headers?.request);
  const response = operations(headers?.response);
  if (request === undefined && response === undefined) return undefined;
  return { ...(request !== undefined && { request }), ...(response !== undefined && { response }) };
}

function operations(from: HeadersSpec['request']): HeaderOperations | undefined {
  if (from === undefined || Object.keys(from).length === 0) return undefined;
  return {
    ...(from.set !== undefined && { set: lowerKeys(from.set) }),
    ...(from.add !== undefined && { add: lowerKeys(from.add) }),
    ...(from.remove !== undefined && { remove: from.remove.map((name) => name.toLowerCase()) }),
  };
}

function lowerKeys(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]));
}
