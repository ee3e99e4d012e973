/**
 * VirtualService: what its schema cannot say, for the resource as a whole.
 * @source Istio `pkg/config/validation/validation.go` ValidateVirtualService; spec validation.md §2
 */
import type { ResourceMetadata } from '../resource.js';
import { checkExportTo, isIp, refuseNotYet, wildcardFault } from './common.js';
import { checkGateways } from './gateways.js';
import { hostMatches } from './hosts.js';
import { checkHttpRoute } from './http-route-checks.js';
import type { Findings } from './kind.js';
import { checkReachable } from './reachable.js';
import type { VirtualServiceSpec } from './virtual-service.js';

export function checkVirtualService(
  spec: VirtualServiceSpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const gateways = spec.gateways ?? [];
  const inMesh = gateways.length === 0 || gateways.includes('mesh');
  checkHosts(spec, inMesh, findings);
  checkGateways(gateways, ['spec', 'gateways'], findings);
  checkExportTo(spec.exportTo, metadata.namespace, findings);
  refuseNotYet(spec.tls, ['spec', 'tls'], findings);
  refuseNotYet(spec.tcp, ['spec', 'tcp'], findings);
  const http = spec.http ?? [];
  if (http.length === 0 && spec.tls === undefined && spec.tcp === undefined)
    findings.error(['spec'], "nothing is routed: expected at least one entry in 'http'");
  for (const [index, route] of http.entries())
    checkHttpRoute(route, ['spec', 'http', index], findings, { onlyMesh: inMesh && gateways.length <= 1 });
  checkReachable(http, findings);
}

function checkHosts(spec: VirtualServiceSpec, inMesh: boolean, findings: Findings): void {
  const hosts = spec.hosts ?? [];
  if (hosts.length === 0) {
    findings.error(
      ['spec', 'hosts'],
      'no hosts: that makes this a delegate of another VirtualService, which Heddle does not do yet; name the hosts',
    );
    for (const field of ['gateways', 'tls', 'tcp'] as const)
      if (spec[field] !== undefined)
        findings.error(['spec', field], `a VirtualService without hosts has no '${field}'`);
  }
  for (const [index, host] of hosts.entries()) {
    const path = ['spec', 'hosts', index];
    const fault = isIp(host) ? null : wildcardFault(host);
    if (fault !== null) findings.error(path, `'${host}' is not a host: ${fault}`);
    else if (host === '*' && inMesh)
      findings.error(path, "'*' cannot be bound to the mesh; name hosts, or bind it to a gateway only");
    const other = hosts.slice(0, index).find((earlier) => hostMatches(earlier, host));
    if (other !== undefined)
      findings.error(path, `'${host}' and '${other}' of the same VirtualService overlap`);
  }
}
