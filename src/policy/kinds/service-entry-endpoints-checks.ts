/**
 * How the endpoints of a ServiceEntry are found, and those that it lists: what their schemas cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateServiceEntry, validateWorkloadEntry
 */
import type { ResourceMetadata } from '../resource.js';
import { checkLabels, fqdnFault, isIp } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { ServiceEntryEndpoint, ServiceEntrySpec } from './service-entry.js';
import type { Resolution } from './service-entry-checks.js';
import { checkUnixAddress, isUnixAddress } from './unix-address.js';
import { checkNetwork, checkPorts, checkThere } from './workload-entry-checks.js';

export function checkResolution(
  spec: ServiceEntrySpec,
  resolution: Resolution,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const endpoints = spec.endpoints ?? [];
  const path = ['spec', 'endpoints'];
  if (resolution === 'NONE' && endpoints.length > 0)
    findings.error(path, 'a resolution of NONE has no endpoints; write STATIC or DNS');
  if (resolution === 'NONE' && spec.workloadSelector !== undefined)
    findings.warning(
      ['spec', 'workloadSelector'],
      'a resolution of NONE goes where the caller says, not to workloads; write STATIC',
    );
  if (resolution === 'DYNAMIC_DNS') checkDynamic(spec, findings, metadata);
  if (resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN') checkNames(spec, findings);
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    findings.error(path, 'DNS_ROUND_ROBIN takes at most one endpoint');
  if (resolution === 'NONE' || resolution === 'DYNAMIC_DNS') return;
  const names = new Set((spec.ports ?? []).map((port) => port.name ?? ''));
  for (const [index, endpoint] of endpoints.entries()) {
    const at = [...path, index];
    if (resolution === 'STATIC') checkStatic(endpoint, names, at, findings);
    else checkNamed(endpoint, at, findings);
    checkLabels(endpoint.labels, [...at, 'labels'], findings);
    checkPorts(endpoint.ports, [...at, 'ports'], findings);
    for (const name of Object.keys(endpoint.ports ?? {}))
      if (!names.has(name))
        findings.error([...at, 'ports', name], `the ServiceEntry has no port named '${name}'`);
  }
}

function checkDynamic(spec: ServiceEntrySpec, findings: Findings, metadata: ResourceMetadata): void {
  if ((spec.endpoints ?? []).length > 0)
    findings.error(
      ['spec', 'endpoints'],
      'DYNAMIC_DNS looks up the host that is called; take the endpoints out',
    );
  const waypoint = metadata.labels?.['istio.io/use-waypoint'] ?? '';
  if (spec.location === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none')
    findings.error(
      ['spec', 'location'],
      'MESH_INTERNAL and DYNAMIC_DNS cannot go through a waypoint; take the label istio.io/use-waypoint away',
    );
}

/** Without endpoints the hosts themselves are looked up. */
function checkNames(spec: ServiceEntrySpec, findings: Findings): void {
  if ((spec.endpoints ?? []).length > 0) return;
  for (const [index, host] of (spec.hosts ?? []).entries())
    if (fqdnFault(host) !== null)
      findings.error(
        ['spec', 'hosts', index],
        `'${host}' cannot be looked up: add endpoints, or write resolution NONE or DYNAMIC_DNS`,
      );
}

function checkStatic(
  endpoint: ServiceEntryEndpoint,
  names: ReadonlySet<string>,
  path: FieldPath,
  findings: Findings,
): void {
  const { address = '' } = endpoint;
  const at = [...path, 'address'];
  checkThere(endpoint, path, findings);
  checkNetwork(endpoint, path, findings);
  if (isUnixAddress(address)) {
    checkUnixAddress(endpoint, path, findings);
    if (names.size !== 1)
      findings.error(at, `a unix socket serves one port, and the ServiceEntry has ${names.size}`);
  } else if (address !== '' && !isIp(address))
    findings.error(
      at,
      `'${address}' is not an IP address: a resolution of STATIC takes those; write DNS for names`,
    );
}

function checkNamed(endpoint: ServiceEntryEndpoint, path: FieldPath, findings: Findings): void {
  const { address = '' } = endpoint;
  const fault = isIp(address) ? null : fqdnFault(address);
  if (fault !== null)
    findings.error([...path, 'address'], `'${address}' is not an IP address or a full name: ${fault}`);
  checkNetwork(endpoint, path, findings);
}
