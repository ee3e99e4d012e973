/**
 * One entry of `http[].match`: what its schema cannot say.
 * @source Istio `pkg/config/validation/virtualservice.go` validateHTTPRouteMatchRequest
 */
import { checkLabels, checkPort, checkStringMatch, isDnsLabel, isToken } from './common.js';
import { checkGateways } from './gateways.js';
import type { FieldPath, Findings } from './kind.js';
import type { HttpMatchSpec } from './virtual-service.js';

/** The request line, as HTTP/2 has it: they can be matched like headers. */
const PSEUDO_HEADERS = [':method', ':scheme', ':authority', ':path', ':status'];

/** @param bound whether the VirtualService is bound to gateways alone */
export function checkMatch(
  match: HttpMatchSpec,
  path: FieldPath,
  findings: Findings,
  bound: { readonly toGateways: boolean },
): void {
  if (match.uri !== undefined) checkStringMatch(match.uri, [...path, 'uri'], findings, { emptyPrefix: true });
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const value = match[field];
    if (value !== undefined) checkStringMatch(value, [...path, field], findings);
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const)
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      if (field !== 'queryParams') checkHeaderName(name, at, findings, bound.toGateways);
      // `regex: '*'` is no regular expression; in `withoutHeaders`, and only there, Istio takes it as "is present".
      if (field !== 'withoutHeaders' || value.regex !== '*') checkStringMatch(value, at, findings);
    }
  checkPort(match.port === 0 ? undefined : match.port, [...path, 'port'], findings);
  checkLabels(match.sourceLabels, [...path, 'sourceLabels'], findings);
  if (
    match.sourceNamespace !== undefined &&
    match.sourceNamespace !== '' &&
    !isDnsLabel(match.sourceNamespace)
  )
    findings.error([...path, 'sourceNamespace'], `'${match.sourceNamespace}' is not a namespace`);
  if (match.statPrefix)
    findings.info([...path, 'statPrefix'], 'Heddle keeps no statistics by match; it has no effect');
  checkGateways(match.gateways ?? [], [...path, 'gateways'], findings);
}

function checkHeaderName(name: string, path: FieldPath, findings: Findings, atGateway: boolean): void {
  if (isClaimName(name)) {
    if (!atGateway)
      findings.error(
        path,
        'claims of a token can only be matched at a gateway: bind the VirtualService to gateways, not to the mesh',
      );
  } else if (!PSEUDO_HEADERS.includes(name) && !isToken(name))
    findings.error(path, `'${name}' is not the name of a header`);
}

/** `@request.auth.claims.sub`, or `@request.auth.claims[a.b][c]`. @source Istio `pkg/jwt/routing.go` */
function isClaimName(name: string): boolean {
  return /^@request\.auth\.claims(?:\..+|\[.+\])$/is.test(name);
}
