/**
 * Ports of a ServiceEntry: what their schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateServiceEntry; `pkg/config/protocol/instance.go`
 */
import type { ResourceMetadata } from '../resource.js';
import { checkPort, isDnsLabel } from './common.js';
import type { Findings } from './kind.js';
import { isHttpProtocol, isPortProtocol, isTlsProtocol, PORT_PROTOCOLS } from './port-protocols.js';
import type { ServiceEntrySpec } from './service-entry.js';
import type { Resolution } from './service-entry-checks.js';

/** What Istio counts as TCP, where only the address tells hosts apart. */
const STREAMS = ['TCP', 'HTTPS', 'TLS', 'MONGO', 'REDIS', 'MYSQL'];
/** What is called by names that nobody knew before. */
const BY_NAME = ['HTTP', 'TLS', 'GRPC', 'HTTP2'];

/** What to say of a TCP port without addresses. */
export const NEEDS_ADDRESSES =
  'a TCP port without addresses: calls cannot be told apart by host. Add addresses';

export function checkPorts(
  spec: ServiceEntrySpec,
  resolution: Resolution,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const unaddressed = (spec.addresses ?? []).length === 0 && !allocatesAddresses(resolution, metadata);
  const several = (spec.hosts ?? []).length > 1;
  const numbers = new Set<number>();
  const names = new Set<string>();
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const path = ['spec', 'ports', index];
    const { name = '', protocol: written = '' } = port;
    const protocol = written.toUpperCase();
    checkPort(port.number, [...path, 'number'], findings);
    checkPort(port.targetPort === 0 ? undefined : port.targetPort, [...path, 'targetPort'], findings);
    if (numbers.has(port.number)) findings.error([...path, 'number'], `port ${port.number} is there twice`);
    numbers.add(port.number);
    if (!isDnsLabel(name))
      findings.error([...path, 'name'], `'${name}' is not a DNS label; every port needs a name`);
    if (names.has(name)) findings.error([...path, 'name'], `the name '${name}' is there twice`);
    names.add(name);
    const at = [...path, 'protocol'];
    if (written !== '' && !isPortProtocol(written))
      findings.error(at, `'${written}' is not a protocol: expected ${PORT_PROTOCOLS.join(', ')}`);
    if (unaddressed && (written === '' || written === 'TCP'))
      findings.warning(path, NEEDS_ADDRESSES, 'IST0134');
    if (resolution === 'DYNAMIC_DNS' && !BY_NAME.includes(protocol))
      findings.error(at, `DYNAMIC_DNS needs a protocol that names the host: expected ${BY_NAME.join(', ')}`);
    if (several && resolution !== 'NONE' && !isHttpProtocol(protocol) && !isTlsProtocol(protocol))
      findings.error(
        path,
        `several hosts cannot share a ${protocol || 'TCP'} port; write one ServiceEntry a host`,
      );
    else if (several && resolution.startsWith('DNS') && spec.addresses?.length && STREAMS.includes(protocol))
      findings.warning(
        path,
        'several hosts share the addresses and a port that is not HTTP; write one ServiceEntry a host',
      );
  }
}

/** Would Istio give the hosts addresses by itself? @source Istio `pilot/pkg/networking/serviceentry/ip_autoallocation.go` */
export function allocatesAddresses(resolution: Resolution, metadata: ResourceMetadata): boolean {
  const asked = metadata.labels?.['networking.istio.io/enable-autoallocate-ip'] ?? '';
  return resolution !== 'NONE' && asked.toLowerCase() !== 'false';
}
