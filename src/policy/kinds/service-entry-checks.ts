/**
 * ServiceEntry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateServiceEntry; spec validation.md §6
 */
import type { ResourceMetadata } from '../resource.js';
import { checkExportTo, isCidr, isIp, wildcardFault } from './common.js';
import type { Findings } from './kind.js';
import { checkSelectorLabels } from './labels.js';
import type { ServiceEntrySpec } from './service-entry.js';
import { checkResolution } from './service-entry-endpoints-checks.js';
import { checkPorts } from './service-entry-ports-checks.js';

/** What an absent resolution means. */
export type Resolution = NonNullable<ServiceEntrySpec['resolution']>;

export function checkServiceEntry(
  spec: ServiceEntrySpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const resolution = spec.resolution ?? 'NONE';
  checkSelector(spec, findings);
  checkHosts(spec, resolution, findings);
  checkAddresses(spec, resolution, findings);
  checkPorts(spec, resolution, findings, metadata);
  checkResolution(spec, resolution, findings, metadata);
  checkExportTo(spec.exportTo, metadata.namespace, findings, { none: true });
}

function checkSelector(spec: ServiceEntrySpec, findings: Findings): void {
  if (spec.workloadSelector === undefined) return;
  const path = ['spec', 'workloadSelector'];
  const labels = spec.workloadSelector.labels ?? {};
  checkSelectorLabels(labels, [...path, 'labels'], findings);
  if (Object.keys(labels).length === 0)
    findings.warning(path, 'the selector has no labels: it selects every workload of the namespace');
  if ((spec.endpoints ?? []).length > 0)
    findings.error(['spec', 'endpoints'], "'endpoints' and 'workloadSelector' exclude each other");
}

function checkHosts(spec: ServiceEntrySpec, resolution: Resolution, findings: Findings): void {
  const hosts = spec.hosts ?? [];
  if (hosts.length === 0) findings.error(['spec', 'hosts'], 'no hosts: name at least one');
  for (const [index, host] of hosts.entries()) {
    const path = ['spec', 'hosts', index];
    const fault =
      host === '*' ? 'it would be every host; name a domain, e.g. *.example.com' : wildcardFault(host);
    if (fault !== null) findings.error(path, `'${host}' is not a host: ${fault}`);
    else if (resolution === 'DYNAMIC_DNS' && !host.startsWith('*'))
      findings.error(path, `'${host}' is one host: DYNAMIC_DNS is for wildcards; write a resolution of DNS`);
    else if (resolution !== 'DYNAMIC_DNS' && host.startsWith('*') && !host.startsWith('*.'))
      findings.warning(
        path,
        `'${host}' has a wildcard that is only a part of its first label; write *.DOMAIN`,
      );
  }
}

function checkAddresses(spec: ServiceEntrySpec, resolution: Resolution, findings: Findings): void {
  const addresses = spec.addresses ?? [];
  if (resolution === 'DYNAMIC_DNS' && addresses.length > 0)
    findings.error(
      ['spec', 'addresses'],
      'with DYNAMIC_DNS calls are told apart by host; take the addresses out',
    );
  for (const [index, address] of addresses.entries()) {
    const path = ['spec', 'addresses', index];
    if (!isIp(address) && !isCidr(address))
      findings.error(path, `'${address}' is not an IP address or CIDR range`);
    if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC')
      findings.error(path, `a CIDR range cannot stand beside a resolution of ${resolution}`);
  }
}
