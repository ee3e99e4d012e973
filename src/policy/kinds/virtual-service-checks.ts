/**
 * VirtualService: what its schema cannot say, for the resource as a whole.
 * @source Istio `pkg/config/validation/validation.go` ValidateVirtualService; spec validation.md §2
 */
import type { ResourceMetadata } from '../resource.js';
import { checkExportTo, isIp } from './common.js';
import { checkTcpRoute, checkTlsRoute } from './connection-route-checks.js';
import { atGatewaysOnly, checkGateways } from './gateways.js';
import { HostSet } from './hosts.js';
import { checkHttpRoute } from './http-route-checks.js';
import type { Findings } from './kind.js';
import { checkReachable } from './reachable.js';
import { sniHostFault } from './sni-hosts.js';
import type { VirtualServiceSpec } from './virtual-service.js';

export function checkVirtualService(
  spec: VirtualServiceSpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const gateways = spec.gateways ?? [];
  const { http = [], tls = [], tcp = [] } = spec;
  const context = { toGateways: atGatewaysOnly(gateways), delegate: (spec.hosts ?? []).length === 0 };
  if (context.delegate) checkDelegate(spec, findings);
  checkHosts(spec, context.toGateways, findings);
  checkGateways(gateways, ['spec', 'gateways'], findings);
  checkExportTo(spec.exportTo, metadata.namespace, findings);
  if (http.length === 0 && tls.length === 0 && tcp.length === 0)
    findings.error(['spec'], "nothing is routed: expected at least one entry in 'http', 'tls' or 'tcp'");
  for (const [index, route] of http.entries())
    checkHttpRoute(route, ['spec', 'http', index], findings, context);
  const names = new HostSet();
  for (const host of spec.hosts ?? []) names.add(host);
  for (const [index, route] of tls.entries())
    checkTlsRoute(route, ['spec', 'tls', index], findings, { names, toGateways: context.toGateways });
  for (const [index, route] of tcp.entries()) checkTcpRoute(route, ['spec', 'tcp', index], findings);
  checkReachable(spec, findings);
}

/** Without hosts it is a part of the VirtualServices that delegate to it, which have the hosts and the gateways. */
function checkDelegate(spec: VirtualServiceSpec, findings: Findings): void {
  for (const field of ['gateways', 'tls', 'tcp'] as const)
    if ((spec[field] ?? []).length > 0)
      findings.error(['spec', field], `a VirtualService without hosts is a delegate: it has no '${field}'`);
}

function checkHosts(spec: VirtualServiceSpec, toGateways: boolean, findings: Findings): void {
  const hosts = spec.hosts ?? [];
  const sni = (spec.tls ?? []).some(({ match = [] }) =>
    match.some(({ sniHosts = [] }) => sniHosts.length > 0),
  );
  for (const [index, host] of hosts.entries()) {
    const path = ['spec', 'hosts', index];
    const fault = isIp(host) ? null : sniHostFault(host, { atGateway: toGateways, sni });
    if (fault !== null) findings.error(path, `'${host}' is not a host: ${fault}`);
    else if (host === '*' && !toGateways)
      findings.error(path, "'*' cannot be bound to the mesh; name hosts, or bind it to a gateway only");
  }
  checkOverlap(hosts, findings);
}

/** Two names overlap if one includes the other: an earlier one a later one, or a later one an earlier one. */
function checkOverlap(hosts: readonly string[], findings: Findings): void {
  const say = (index: number, other: string) =>
    findings.error(
      ['spec', 'hosts', index],
      `'${hosts[index]}' and '${other}' of the same VirtualService overlap`,
    );
  const before = new HostSet();
  for (const [index, host] of hosts.entries()) {
    const other = before.including(host);
    if (other !== undefined) say(index, other);
    before.add(host);
  }
  const after = new HostSet();
  for (const host of [...hosts].reverse()) {
    const other = after.including(host);
    if (other !== undefined && other !== host) say(hosts.lastIndexOf(other), host);
    after.add(host);
  }
}
