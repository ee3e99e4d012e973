/**
 * ServiceEntry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateServiceEntry; spec validation.md §6
 */
import type { ResourceMetadata } from '../resource.js';
import {
  checkExportTo,
  checkLabels,
  checkPort,
  fqdnFault,
  isCidr,
  isDnsLabel,
  isIp,
  refuseNotYet,
  wildcardFault,
} from './common.js';
import type { FieldPath, Findings } from './kind.js';
import type { ServiceEntryEndpoint, ServiceEntrySpec } from './service-entry.js';

/** @source Istio `pkg/config/protocol/instance.go` Parse */
const PROTOCOLS = [
  'HTTP',
  'HTTPS',
  'HTTP_PROXY',
  'GRPC',
  'GRPC-WEB',
  'HTTP2',
  'MONGO',
  'TCP',
  'TLS',
  'UDP',
  'MYSQL',
  'REDIS',
];
/** Protocols that name the host, so that several hosts can share a port. */
const NAMED = ['HTTP', 'HTTPS', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB', 'HTTP2', 'TLS'];
/** What Istio counts as TCP, where only the address tells hosts apart. */
const STREAMS = ['TCP', 'HTTPS', 'TLS', 'MONGO', 'REDIS', 'MYSQL'];

export function checkServiceEntry(
  spec: ServiceEntrySpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const resolution = spec.resolution ?? 'NONE';
  checkHosts(spec, findings);
  checkExportTo(spec.exportTo, metadata.namespace, findings, { none: true });
  checkPorts(spec, resolution, findings);
  refuseNotYet(spec.workloadSelector, ['spec', 'workloadSelector'], findings);
  const endpoints = spec.endpoints ?? [];
  if (endpoints.length > 0 && spec.workloadSelector !== undefined)
    findings.error(['spec', 'endpoints'], "'endpoints' and 'workloadSelector' exclude each other");
  for (const [index, address] of (spec.addresses ?? []).entries()) {
    const path = ['spec', 'addresses', index];
    if (!isIp(address) && !isCidr(address))
      findings.error(path, `'${address}' is not an IP address or CIDR range`);
    else if (isCidr(address) && resolution !== 'NONE' && resolution !== 'STATIC')
      findings.error(path, `a CIDR range cannot stand beside a resolution of ${resolution}`);
  }
  checkResolution(spec, resolution, findings);
  const names = new Set((spec.ports ?? []).map((port) => port.name));
  for (const [index, endpoint] of endpoints.entries())
    checkEndpoint(endpoint, names, resolution, ['spec', 'endpoints', index], findings);
}

function checkHosts(spec: ServiceEntrySpec, findings: Findings): void {
  const hosts = spec.hosts ?? [];
  if (hosts.length === 0) findings.error(['spec', 'hosts'], 'no hosts: name at least one');
  for (const [index, host] of hosts.entries()) {
    const path = ['spec', 'hosts', index];
    const fault =
      host === '*' ? 'it would be every host; name a domain, e.g. *.example.com' : wildcardFault(host);
    if (fault !== null) findings.error(path, `'${host}' is not a host: ${fault}`);
    else if (host.startsWith('*') && !host.startsWith('*.'))
      findings.warning(
        path,
        `'${host}' has a wildcard that is only a part of its first label; write *.DOMAIN`,
      );
  }
}

function checkPorts(spec: ServiceEntrySpec, resolution: string, findings: Findings): void {
  const addressed = (spec.addresses ?? []).length > 0;
  const several = (spec.hosts ?? []).length > 1;
  const numbers = new Set<number>();
  const names = new Set<string>();
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const path = ['spec', 'ports', index];
    checkPort(port.number, [...path, 'number'], findings);
    checkPort(port.targetPort === 0 ? undefined : port.targetPort, [...path, 'targetPort'], findings);
    if (numbers.has(port.number)) findings.error([...path, 'number'], `port ${port.number} is there twice`);
    numbers.add(port.number);
    const name = port.name ?? '';
    if (!isDnsLabel(name))
      findings.error([...path, 'name'], `'${name}' is not a DNS label; every port needs a name`);
    if (names.has(name)) findings.error([...path, 'name'], `the name '${name}' is there twice`);
    names.add(name);
    const protocol = (port.protocol ?? '').toUpperCase();
    if (protocol !== '' && !PROTOCOLS.includes(protocol))
      findings.error(
        [...path, 'protocol'],
        `'${port.protocol}' is not a protocol: expected ${PROTOCOLS.join(', ')}`,
      );
    if ((protocol === 'TCP' || protocol === '') && !addressed)
      findings.warning(
        path,
        'a TCP port without addresses: calls cannot be told apart by host. Add addresses',
        'IST0134',
      );
    if (several && addressed && resolution.startsWith('DNS') && STREAMS.includes(protocol))
      findings.warning(
        path,
        'several hosts share the addresses and a port that is not HTTP; write one ServiceEntry a host',
      );
    if (several && resolution !== 'NONE' && !NAMED.includes(protocol))
      findings.error(
        path,
        `several hosts cannot share a ${protocol || 'TCP'} port; write one ServiceEntry a host`,
      );
  }
}

function checkResolution(spec: ServiceEntrySpec, resolution: string, findings: Findings): void {
  const endpoints = spec.endpoints ?? [];
  const path = ['spec', 'resolution'];
  if (resolution === 'NONE' && endpoints.length > 0)
    findings.error(['spec', 'endpoints'], 'a resolution of NONE has no endpoints; write STATIC or DNS');
  if (resolution === 'DYNAMIC_DNS')
    findings.error(path, 'Heddle does not do DYNAMIC_DNS yet; write DNS or NONE');
  if (resolution !== 'DNS' && resolution !== 'DNS_ROUND_ROBIN') return;
  if (endpoints.length === 0)
    for (const [index, host] of (spec.hosts ?? []).entries())
      if (fqdnFault(host) !== null)
        findings.error(
          ['spec', 'hosts', index],
          `'${host}' cannot be looked up: add endpoints, or write resolution NONE`,
        );
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    findings.error(['spec', 'endpoints'], 'DNS_ROUND_ROBIN takes at most one endpoint');
}

function checkEndpoint(
  endpoint: ServiceEntryEndpoint,
  names: ReadonlySet<string | undefined>,
  resolution: string,
  path: FieldPath,
  findings: Findings,
): void {
  const address = endpoint.address ?? '';
  const at = [...path, 'address'];
  if (address === '') {
    if (endpoint.network && resolution === 'STATIC')
      findings.warning(at, 'the address is missing; nothing can be reached in another network');
    else findings.error(at, 'the address is missing');
  } else if (address.startsWith('unix://') && resolution === 'STATIC') {
    if (Object.keys(endpoint.ports ?? {}).length > 0)
      findings.error([...path, 'ports'], 'a unix socket has no ports');
    findings.error(at, 'Heddle does not do unix sockets yet');
  } else if (!isIp(address) && fqdnFault(address) !== null)
    findings.error(at, `'${address}' is not an IP address or a full name`);
  else if (!isIp(address) && resolution === 'STATIC')
    findings.error(at, `'${address}' is a name: a resolution of STATIC takes IP addresses; write DNS`);
  if (endpoint.network && address !== '')
    findings.info([...path, 'network'], 'Heddle knows one network; it has no effect');
  checkLabels(endpoint.labels, [...path, 'labels'], findings);
  for (const [name, port] of Object.entries(endpoint.ports ?? {})) {
    checkPort(port, [...path, 'ports', name], findings);
    if (!isDnsLabel(name) || !names.has(name))
      findings.error([...path, 'ports', name], `the ServiceEntry has no port named '${name}'`);
  }
}
