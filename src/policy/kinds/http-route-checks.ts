/**
 * One entry of `http[]`: what its schema cannot say.
 * @source Istio `pkg/config/validation/virtualservice.go`; spec validation.md §2
 */
import { regexRewriteFault } from '../../traffic/route/index.js';
import { decodeText } from './base64.js';
import { checkDestination, checkDuration, checkHttpStatus, checkPort, checkRegex } from './common.js';
import { checkHeaders, isAuthorityName } from './header-checks.js';
import { checkCors, checkFault, checkMirrors } from './http-extras-checks.js';
import { checkMatch } from './http-match-checks.js';
import type { FieldPath, Findings } from './kind.js';
import { checkRetries } from './retries-checks.js';
import type { HttpRouteSpec } from './virtual-service.js';

const MAX_BODY = 1024 * 1024;
const LARGE_BODY = 100 * 1024;

/** What a rule is part of. */
export interface RuleContext {
  /** Whether the VirtualService is bound to gateways alone. */
  readonly toGateways: boolean;
  /** Whether the VirtualService has no hosts: another one sends its requests here. */
  readonly delegate: boolean;
}

export function checkHttpRoute(
  route: HttpRouteSpec,
  path: FieldPath,
  findings: Findings,
  context: RuleContext,
): void {
  checkAction(route, path, findings, context);
  for (const [index, match] of (route.match ?? []).entries())
    checkMatch(match, [...path, 'match', index], findings, context);
  checkDestinations(route, path, findings);
  checkHeaders(route.headers, [...path, 'headers'], findings);
  checkAuthority(route, path, findings);
  checkRedirect(route, [...path, 'redirect'], findings);
  checkDirectResponse(route, [...path, 'directResponse'], findings);
  checkRewrite(route, [...path, 'rewrite'], findings);
  checkDuration(route.timeout, [...path, 'timeout'], findings);
  checkRetries(route.retries, [...path, 'retries'], findings);
  checkFault(route, [...path, 'fault'], findings);
  checkMirrors(route, path, findings);
  checkCors(route, [...path, 'corsPolicy'], findings);
}

const EXCLUSIVE: readonly (readonly [keyof HttpRouteSpec, keyof HttpRouteSpec])[] = [
  ['redirect', 'route'],
  ['redirect', 'fault'],
  ['redirect', 'rewrite'],
  ['redirect', 'directResponse'],
  ['directResponse', 'route'],
  ['directResponse', 'fault'],
  ['directResponse', 'rewrite'],
  ['mirror', 'mirrors'],
];

function checkAction(route: HttpRouteSpec, path: FieldPath, findings: Findings, context: RuleContext): void {
  const has = (field: keyof HttpRouteSpec) => {
    const value = route[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  if (has('delegate') && !context.delegate) {
    for (const other of ['route', 'redirect'] as const)
      if (has(other))
        findings.error([...path, other], `the delegate decides: '${other}' is not for this rule`);
    return;
  }
  if (has('delegate'))
    findings.error([...path, 'delegate'], 'a VirtualService without hosts is a delegate and has none itself');
  for (const [one, other] of EXCLUSIVE)
    if (has(one) && has(other)) findings.error([...path, other], `'${other}' cannot stand beside '${one}'`);
  if (!has('route') && !has('redirect') && !has('directResponse'))
    findings.error(path, "the rule does nothing: expected 'route', 'redirect' or 'directResponse'");
}

function checkDestinations(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const destinations = route.route ?? [];
  let total = 0;
  for (const [index, entry] of destinations.entries()) {
    const at = [...path, 'route', index];
    checkDestination(entry.destination, [...at, 'destination'], findings);
    const weight = entry.weight ?? 0;
    if (weight < 0) findings.error([...at, 'weight'], `${weight} is negative; a weight is 0 or more`);
    total += weight;
    checkHeaders(entry.headers, [...at, 'headers'], findings);
  }
  if (destinations.length > 1 && total === 0)
    findings.error(
      [...path, 'route'],
      'the weights add up to 0: nothing would be chosen; give one of them a weight',
    );
}

/** The authority can be said in three places; two of them would contradict each other. */
function checkAuthority(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const names = (values: Readonly<Record<string, string>> | undefined) =>
    Object.keys(values ?? {}).filter(isAuthorityName).length;
  const said =
    (route.rewrite?.authority ? 1 : 0) +
    names(route.headers?.request?.set) +
    names(route.headers?.request?.add);
  if (said > 1)
    findings.error(
      path,
      'the authority is set more than once; keep one of rewrite.authority and headers.request',
    );
}

function checkRedirect(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const { redirect } = route;
  if (redirect === undefined) return;
  if (redirect.uri && redirect.prefixRewrite)
    findings.error(path, "'uri' and 'prefixRewrite' exclude each other");
  if (redirect.prefixRewrite)
    for (const match of route.match ?? [])
      if (match.uri !== undefined && match.uri.prefix === undefined)
        findings.error([...path, 'prefixRewrite'], 'every match on the uri must be of kind prefix');
  if (redirect.port !== undefined && redirect.derivePort !== undefined)
    findings.error(path, "'port' and 'derivePort' exclude each other");
  const says = [redirect.uri, redirect.prefixRewrite, redirect.authority, redirect.scheme].some(Boolean);
  if (!says && redirect.port === undefined && redirect.derivePort === undefined)
    findings.error(path, 'nothing would change: set uri, prefixRewrite, authority, scheme or port');
  const code = redirect.redirectCode ?? 0;
  if (code !== 0 && (code < 300 || code > 399))
    findings.error([...path, 'redirectCode'], `${code} redirects nobody: expected 301, 302, 303, 307 or 308`);
  else if (![0, 301, 302, 303, 307, 308].includes(code))
    findings.info(
      [...path, 'redirectCode'],
      `few clients follow ${code}, and Istio's proxies do not know it`,
    );
  if (redirect.scheme !== undefined && !['', 'http', 'https'].includes(redirect.scheme))
    findings.error([...path, 'scheme'], `'${redirect.scheme}' is not a scheme: expected http or https`);
  checkPort(redirect.port === 0 ? undefined : redirect.port, [...path, 'port'], findings);
}

function checkDirectResponse(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const { directResponse } = route;
  if (directResponse === undefined) return;
  checkHttpStatus(directResponse.status, [...path, 'status'], findings);
  const { body } = directResponse;
  if (body === undefined) return;
  if (body.string !== undefined && body.bytes !== undefined)
    findings.error([...path, 'body'], "'string' and 'bytes' exclude each other");
  if (body.bytes !== undefined && decodeText(body.bytes) === null)
    findings.unsupported(
      [...path, 'body', 'bytes'],
      'Heddle sends bodies of text (UTF-8) only; let a service answer with this one',
    );
  const size = byteLength(body);
  if (size > MAX_BODY) findings.error([...path, 'body'], 'the body is larger than 1 MiB');
  else if (size > LARGE_BODY)
    findings.warning([...path, 'body'], 'the body is larger than 100 KiB; every workload keeps it in memory');
}

function byteLength({
  string,
  bytes = '',
}: {
  string?: string | undefined;
  bytes?: string | undefined;
}): number {
  if (string !== undefined) return new TextEncoder().encode(string).length;
  return (bytes.length * 3) / 4 - (bytes.match(/=*$/)?.[0].length ?? 0);
}

function checkRewrite(route: HttpRouteSpec, path: FieldPath, findings: Findings): void {
  const { rewrite } = route;
  if (rewrite === undefined) return;
  const regex = rewrite.uriRegexRewrite;
  if (rewrite.uri && regex !== undefined)
    findings.error(path, "'uri' and 'uriRegexRewrite' exclude each other");
  if (!rewrite.uri && !rewrite.authority && regex === undefined)
    findings.error(path, 'nothing is rewritten: set uri, uriRegexRewrite or authority');
  if (regex === undefined) return;
  if (!regex.match || !regex.rewrite)
    findings.error([...path, 'uriRegexRewrite'], "both 'match' and 'rewrite' are needed");
  if (!regex.match) return;
  const at = [...path, 'uriRegexRewrite'];
  if (!checkRegex(regex.match, [...at, 'match'], findings)) return;
  const fault = regexRewriteFault({ match: regex.match, rewrite: regex.rewrite ?? '' });
  if (fault !== null) findings.unsupported([...at, 'rewrite'], `${fault}; no proxy would take it either`);
}
