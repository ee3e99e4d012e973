/**
 * A service as the resolver knows it, whoever told of it: a ServiceEntry, a plain Kubernetes Service, or a workload that registered.
 * @source Istio `pilot/pkg/serviceregistry`, `pkg/config/kube/conversion.go`
 */
import type { ServicePort } from '../effective.js';
import { isIp } from '../kinds/common.js';
import type { ServiceSpec } from '../kinds/service.js';
import type { ServiceEntrySpec } from '../kinds/service-entry.js';
import type { RegisteredService, ResourceMetadata } from '../resource.js';
import { DOMAIN_SUFFIX, fullName } from './names.js';
import { compareAge } from './order.js';
import type { Typed } from './typed.js';

export interface KnownService {
  /** Full name; may start with `*.`. */
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly ServicePort[];
  readonly location: 'mesh' | 'external';
  readonly resolution: 'static' | 'dns' | 'dns-round-robin' | 'none';
  /** IP addresses that stand for it. */
  readonly addresses: readonly string[];
  readonly subjectAltNames: readonly string[];
  readonly exportTo: readonly string[] | undefined;
  /** The ServiceEntry behind it, for its endpoints. */
  readonly entry: Typed<ServiceEntrySpec> | null;
  /** Among services of one host, and of one name: Kubernetes first, then workloads' own, then ServiceEntries by age. */
  readonly order: ServiceOrder;
}

export interface ServiceOrder {
  readonly rank: 0 | 1 | 2;
  readonly metadata: Pick<ResourceMetadata, 'name' | 'namespace' | 'creationTimestamp'>;
  /** Among the hosts of one document. */
  readonly index: number;
}

export function compareServices(one: KnownService, other: KnownService): number {
  return (
    one.order.rank - other.order.rank ||
    compareAge(one.order, other.order) ||
    one.order.index - other.order.index
  );
}

export function fromDocument(document: Typed<ServiceSpec>): KnownService {
  const { name, namespace, annotations } = document.metadata;
  // A Service has no field of its own for this.
  const exportTo = annotations?.['networking.istio.io/exportTo']?.split(',').map((entry) => entry.trim());
  const ports = (document.spec.ports ?? []).filter(
    (port) => port.protocol !== 'UDP' && port.protocol !== 'SCTP',
  );
  return plain(
    `${name}.${namespace}.svc.${DOMAIN_SUFFIX}`,
    namespace,
    ports.map((port) => ({
      number: port.port,
      name: port.name ?? '',
      protocol: protocolOf(port.appProtocol, port.name),
      ...(typeof port.targetPort === 'number' && { targetPort: port.targetPort }),
    })),
    { rank: 0, metadata: document.metadata, index: 0 },
    exportTo,
  );
}

/** What a Service of type `ExternalName` is another name of, in full; undefined: of nothing. */
export function aliasTarget({ spec }: Typed<ServiceSpec>): string | undefined {
  if (spec.type !== 'ExternalName' || !spec.externalName) return undefined;
  return spec.externalName.toLowerCase().replace(/\.$/, '');
}

export function fromRegistry(one: RegisteredService): KnownService {
  const host = fullName(one.host, one.namespace);
  const metadata = { name: host, namespace: one.namespace };
  return plain(host, one.namespace, one.ports, { rank: 1, metadata, index: 0 });
}

function plain(
  host: string,
  namespace: string,
  ports: readonly ServicePort[],
  order: ServiceOrder,
  exportTo?: readonly string[],
): KnownService {
  return {
    host,
    namespace,
    ports,
    location: 'mesh',
    resolution: 'static',
    addresses: [],
    subjectAltNames: [],
    exportTo,
    entry: null,
    order,
  };
}

export function fromEntry(entry: Typed<ServiceEntrySpec>): KnownService[] {
  const { spec, metadata } = entry;
  const ports = (spec.ports ?? []).map((port) => ({
    number: port.number,
    name: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toUpperCase(),
    ...(port.targetPort && { targetPort: port.targetPort }),
  }));
  return (spec.hosts ?? []).map((host, index) => ({
    host: fullName(host, metadata.namespace),
    namespace: metadata.namespace,
    ports,
    location: spec.location === 'MESH_INTERNAL' ? 'mesh' : 'external',
    resolution: RESOLUTIONS[spec.resolution ?? 'NONE'],
    // One address cannot stand for two hosts.
    addresses: index === 0 ? (spec.addresses ?? []).filter(isIp) : [],
    subjectAltNames: spec.subjectAltNames ?? [],
    exportTo: spec.exportTo,
    entry,
    order: { rank: 2, metadata, index },
  }));
}

/** A host of `DYNAMIC_DNS` is looked up as the caller names it, and so, without interception, is one of `NONE`. */
const RESOLUTIONS = {
  STATIC: 'static',
  DNS: 'dns',
  DNS_ROUND_ROBIN: 'dns-round-robin',
  DYNAMIC_DNS: 'none',
  NONE: 'none',
} as const;

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['http', 'HTTP'],
  ['http2', 'HTTP2'],
  ['grpc', 'GRPC'],
  ['grpc-web', 'GRPC-WEB'],
  ['https', 'HTTPS'],
  ['tls', 'TLS'],
  ['tcp', 'TCP'],
  ['mongo', 'TCP'],
  ['redis', 'TCP'],
  ['mysql', 'TCP'],
  ['kubernetes.io/h2c', 'HTTP2'],
  ['kubernetes.io/ws', 'HTTP'],
  ['kubernetes.io/wss', 'HTTPS'],
]);

/** `appProtocol`, else the port's name up to its dash; HTTP where neither says, since that is what callers here speak. */
export function protocolOf(appProtocol: string | undefined, name: string | undefined): string {
  const said = PROTOCOLS.get((appProtocol ?? '').toLowerCase());
  if (said !== undefined) return said;
  const lower = (name ?? '').toLowerCase();
  if (lower.startsWith('grpc-web')) return 'GRPC-WEB';
  return PROTOCOLS.get(lower.split('-')[0]!) ?? 'HTTP';
}

/** `service` with the ports that only `more` has. */
export function withPorts(service: KnownService, more: KnownService): KnownService {
  const numbers = new Set(service.ports.map((port) => port.number));
  const added = more.ports.filter((port) => !numbers.has(port.number));
  return added.length === 0 ? service : { ...service, ports: [...service.ports, ...added] };
}

/** The labels that a service selects its endpoints by; undefined: it selects none. */
export function selectedLabels(service: KnownService): Readonly<Record<string, string>> | undefined {
  const selector = service.entry?.spec.workloadSelector;
  return selector === undefined ? undefined : (selector.labels ?? {});
}
