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

/** @param bound whether the VirtualService is bound to the mesh alone */
export function checkMatch(
  match: HttpMatchSpec,
  path: FieldPath,
  findings: Findings,
  bound: { readonly onlyMesh: boolean },
): void {
  if (match.uri !== undefined) checkStringMatch(match.uri, [...path, 'uri'], findings, { emptyPrefix: true });
  for (const field of ['scheme', 'method', 'authority'] as const) {
    const value = match[field];
    if (value !== undefined) checkStringMatch(value, [...path, field], findings);
  }
  for (const field of ['headers', 'withoutHeaders', 'queryParams'] as const)
    for (const [name, value] of Object.entries(match[field] ?? {})) {
      const at = [...path, field, name];
      if (field === 'queryParams') {
        if (name === '') findings.error(at, 'the name of the query parameter is empty');
      } else if (name.toLowerCase().startsWith('@request.auth.claims')) {
        if (bound.onlyMesh)
          findings.error(
            at,
            'claims of a token can only be matched at a gateway; bind the VirtualService to one',
          );
        else findings.error(at, 'Heddle does not match claims of tokens in routes yet; take it out');
      } else if (!PSEUDO_HEADERS.includes(name) && !isToken(name))
        findings.error(at, `'${name}' is not the name of a header`);
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
