/**
 * Entries of `tls[]` and `tcp[]` of a VirtualService: what their schemas cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateTLSRoute, validateTCPRoute; spec validation.md §2
 */
import { checkDestination, checkLabels, checkPort, isCidr, isDnsLabel, isIp } from './common.js';
import { checkGateways } from './gateways.js';
import type { HostSet } from './hosts.js';
import type { FieldPath, Findings } from './kind.js';
import { sniHostFault } from './sni-hosts.js';
import type { TcpRouteSpec, TlsRouteSpec } from './virtual-service.js';

/** The VirtualService that a rule is part of. */
export interface ConnectionContext {
  /** Its hosts. */
  readonly names: HostSet;
  /** Whether it is bound to gateways alone. */
  readonly toGateways: boolean;
}

export function checkTlsRoute(
  route: TlsRouteSpec,
  path: FieldPath,
  findings: Findings,
  context: ConnectionContext,
): void {
  const matches = route.match ?? [];
  if (matches.length === 0)
    findings.error([...path, 'match'], "a rule for TLS needs a match with 'sniHosts'");
  for (const [index, match] of matches.entries()) {
    const at = [...path, 'match', index];
    const names = match.sniHosts ?? [];
    if (names.length === 0)
      findings.error([...at, 'sniHosts'], 'no names: say which names clients ask for (SNI)');
    for (const [place, name] of names.entries())
      checkSniHost(name, [...at, 'sniHosts', place], findings, context);
    checkConditions(match, at, findings);
  }
  checkWeighted(route.route, path, findings);
}

export function checkTcpRoute(route: TcpRouteSpec, path: FieldPath, findings: Findings): void {
  for (const [index, match] of (route.match ?? []).entries()) {
    const at = [...path, 'match', index];
    checkConditions(match, at, findings);
    if (match.sourceSubnet)
      findings.info([...at, 'sourceSubnet'], 'Istio has never carried it out; match on sourceLabels instead');
  }
  checkWeighted(route.route, path, findings);
}

function checkSniHost(name: string, path: FieldPath, findings: Findings, context: ConnectionContext): void {
  if (isIp(name)) {
    findings.warning(path, `'${name}' is an address; clients ask for names only (SNI), not for addresses`);
    return;
  }
  const fault = sniHostFault(name, { atGateway: context.toGateways, sni: true });
  if (fault !== null) findings.error(path, `'${name}' is not a host: ${fault}`);
  else if (context.names.including(name) === undefined)
    findings.error(path, `'${name}' is none of the VirtualService's hosts; add it to them`);
}

interface Conditions {
  readonly destinationSubnets?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly sourceLabels?: Readonly<Record<string, string>> | undefined;
  readonly sourceNamespace?: string | undefined;
  readonly gateways?: readonly string[] | undefined;
}

function checkConditions(match: Conditions, path: FieldPath, findings: Findings): void {
  for (const [index, subnet] of (match.destinationSubnets ?? []).entries())
    if (!isIp(subnet) && !isCidr(subnet))
      findings.error(
        [...path, 'destinationSubnets', index],
        `'${subnet}' is not an IP address or CIDR range`,
      );
  checkPort(match.port === 0 ? undefined : match.port, [...path, 'port'], findings);
  checkLabels(match.sourceLabels, [...path, 'sourceLabels'], findings);
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace))
    findings.info(
      [...path, 'sourceNamespace'],
      `there is no namespace '${match.sourceNamespace}': it is not a DNS label, so this matches nobody`,
    );
  checkGateways(match.gateways ?? [], [...path, 'gateways'], findings);
}

function checkWeighted(route: TcpRouteSpec['route'], path: FieldPath, findings: Findings): void {
  const destinations = route ?? [];
  if (destinations.length === 0) findings.error([...path, 'route'], 'no destination: say where to send it');
  let total = 0;
  for (const [index, { destination, weight = 0 }] of destinations.entries()) {
    const at = [...path, 'route', index];
    checkDestination(destination, [...at, 'destination'], findings);
    if (weight < 0) findings.error([...at, 'weight'], `${weight} is negative; a weight is 0 or more`);
    total += weight;
  }
  if (destinations.length > 1 && total === 0)
    findings.error(
      [...path, 'route'],
      'the weights add up to 0: nothing would be chosen; give one of them a weight',
    );
}
