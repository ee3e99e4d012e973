/**
 * Every service that is known: from ServiceEntries, plain Kubernetes Services, and workloads that registered.
 * @source Istio `pilot/pkg/serviceregistry`, `pkg/config/kube/conversion.go`
 */
import type { ServicePort } from '../effective.js';
import { isIp } from '../kinds/common.js';
import { type ServiceSpec, service } from '../kinds/service.js';
import { type ServiceEntrySpec, serviceEntry } from '../kinds/service-entry.js';
import type { RegisteredService, Resource } from '../resource.js';
import { DOMAIN_SUFFIX, fullName } from './names.js';
import { ofKind, type Typed } from './typed.js';

export interface KnownService {
  /** Full name; may start with `*.`. */
  readonly host: string;
  readonly namespace: string;
  readonly ports: readonly ServicePort[];
  readonly location: 'mesh' | 'external';
  readonly resolution: 'static' | 'dns' | 'none';
  /** IP addresses that stand for it. */
  readonly addresses: readonly string[];
  readonly subjectAltNames: readonly string[];
  readonly exportTo: readonly string[] | undefined;
  /** The ServiceEntry behind it, for its endpoints. */
  readonly entry: Typed<ServiceEntrySpec> | null;
}

/** In the order of precedence for the same host: Kubernetes and registered services, then ServiceEntries by age. */
export function knownServices(
  resources: readonly Resource[],
  registered: readonly RegisteredService[],
): KnownService[] {
  const inCluster = new Map<string, KnownService>();
  for (const document of ofKind(resources, service)) addInCluster(inCluster, fromDocument(document));
  for (const one of [...registered].sort((a, b) => (a.host < b.host ? -1 : 1)))
    addInCluster(inCluster, fromRegistry(one));
  const entries: KnownService[] = [];
  for (const entry of ofKind(resources, serviceEntry)) entries.push(...fromEntry(entry));
  return [...inCluster.values(), ...entries];
}

/** The document's ports come first; what workloads registered beside them is added. */
function addInCluster(known: Map<string, KnownService>, added: KnownService): void {
  const present = known.get(added.host);
  if (present === undefined) return void known.set(added.host, added);
  const numbers = new Set(present.ports.map((port) => port.number));
  const ports = [...present.ports, ...added.ports.filter((port) => !numbers.has(port.number))];
  known.set(added.host, { ...present, ports });
}

function fromDocument(document: Typed<ServiceSpec>): KnownService {
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
    exportTo,
  );
}

function fromRegistry(one: RegisteredService): KnownService {
  return plain(fullName(one.host, one.namespace), one.namespace, one.ports);
}

function plain(
  host: string,
  namespace: string,
  ports: readonly ServicePort[],
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
  };
}

function fromEntry(entry: Typed<ServiceEntrySpec>): KnownService[] {
  const { spec, metadata } = entry;
  const ports = (spec.ports ?? []).map((port) => ({
    number: port.number,
    name: port.name ?? '',
    protocol: (port.protocol ?? 'TCP').toUpperCase(),
    ...(port.targetPort && { targetPort: port.targetPort }),
  }));
  const resolution = {
    STATIC: 'static',
    DNS: 'dns',
    DNS_ROUND_ROBIN: 'dns',
    DYNAMIC_DNS: 'dns',
    NONE: 'none',
  } as const;
  return (spec.hosts ?? []).map((host, index) => ({
    host: fullName(host, metadata.namespace),
    namespace: metadata.namespace,
    ports,
    location: spec.location === 'MESH_INTERNAL' ? 'mesh' : 'external',
    resolution: resolution[spec.resolution ?? 'NONE'],
    // One address cannot stand for two hosts.
    addresses: index === 0 ? (spec.addresses ?? []).filter(isIp) : [],
    subjectAltNames: spec.subjectAltNames ?? [],
    exportTo: spec.exportTo,
    entry,
  }));
}

const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['http', 'HTTP'],
  ['http2', 'HTTP2'],
  ['grpc', 'GRPC'],
  ['grpc-web', 'GRPC'],
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
  if (lower.startsWith('grpc-web')) return 'GRPC';
  return PROTOCOLS.get(lower.split('-')[0]!) ?? 'HTTP';
}
