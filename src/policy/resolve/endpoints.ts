/**
 * Endpoints that a ServiceEntry lists, selects, or that its host names, beside those that registered.
 * @source Istio `pilot/pkg/serviceregistry/serviceentry/conversion.go`
 */
import { type Endpoint, endpointKey } from '../../model/endpoint.js';
import type { EffectiveEndpoints, ServicePort } from '../effective.js';
import type { ServiceEntryEndpoint } from '../kinds/service-entry.js';
import type { WorkloadEntrySpec } from '../kinds/workload-entry.js';
import { type KnownService, selectedLabels } from './known-service.js';
import { fullName } from './names.js';
import type { Typed } from './typed.js';

/** What a `workloadSelector` chooses from: all of one namespace. */
export interface Workloads {
  /** Oldest first. */
  readonly entries: readonly Typed<WorkloadEntrySpec>[];
  /** What workloads of the namespace registered, by the name of their hosts. */
  readonly registered: readonly EffectiveEndpoints[];
}

/** Istio's name for the label that says in which network an endpoint is. */
const NETWORK_LABEL = 'topology.istio.io/network';
const UNIX = 'unix://';

/**
 * A Unix socket is one of the caller's own machine, and whoever listens there trusts by that: only workloads of the ServiceEntry's own
 * namespace are sent to it.
 * @param caller namespace of the workload @returns null: the service has none of its own; they come from registrations
 */
export function entryEndpoints(
  service: KnownService,
  caller: string,
  trustDomain: string,
  workloads: (namespace: string) => Workloads,
): EffectiveEndpoints | null {
  const { entry, namespace } = service;
  if (entry === null) return null;
  const wanted = selectedLabels(service);
  const near = wanted === undefined ? undefined : workloads(namespace);
  const listed: readonly ServiceEntryEndpoint[] =
    near === undefined
      ? (entry.spec.endpoints ?? [])
      : near.entries.filter(({ spec }) => holds(spec.labels ?? {}, wanted!)).map(({ spec }) => spec);
  // Without endpoints the host is looked up as it was written; a wildcard names no address.
  const written = entry.spec.hosts?.find((host) => fullName(host, namespace) === service.host);
  const named = service.resolution !== 'static' && !service.host.startsWith('*') && near === undefined;
  const chosen = listed.length > 0 || !named ? listed : [{ address: written }];
  const ports: Record<string, Endpoint[]> = {};
  for (const port of service.ports) {
    const own = chosen.flatMap((from) =>
      from.address && (caller === namespace || !from.address.startsWith(UNIX))
        ? [toEndpoint(from, port, service, trustDomain)]
        : [],
    );
    ports[port.number] = distinct(
      near === undefined ? own : [...own, ...selected(near, wanted!, port, service)],
    );
  }
  return { host: service.host, ports };
}

function toEndpoint(
  from: ServiceEntryEndpoint,
  port: ServicePort,
  service: KnownService,
  trustDomain: string,
): Endpoint {
  const address = from.address!;
  // A port may be called `constructor`: only what was written counts.
  const own =
    from.ports !== undefined && Object.hasOwn(from.ports, port.name) ? from.ports[port.name] : undefined;
  const socket = address.startsWith(UNIX);
  const number = socket ? 0 : (own ?? port.targetPort ?? port.number);
  const inMesh = service.location === 'mesh';
  return {
    key: socket ? address : endpointKey(address, number),
    address,
    port: number,
    labels: { ...from.labels, ...(from.network && { [NETWORK_LABEL]: from.network }) },
    weight: from.weight || 1,
    ...(from.locality && { locality: from.locality }),
    ...(inMesh &&
      isAccount(from.serviceAccount) && {
        spiffeId: `spiffe://${trustDomain}/ns/${service.namespace}/sa/${from.serviceAccount}`,
      }),
    mtls: inMesh && from.labels?.['security.istio.io/tlsMode'] === 'istio',
  };
}

/**
 * Workloads that registered and have the labels: where they listen on the port that the service leads to, or serve the port of the
 * same number.
 */
function selected(
  near: Workloads,
  wanted: Readonly<Record<string, string>>,
  port: ServicePort,
  service: KnownService,
): Endpoint[] {
  const target = port.targetPort ?? port.number;
  const found: Endpoint[] = [];
  for (const { ports } of near.registered)
    for (const [served, endpoints] of Object.entries(ports))
      for (const endpoint of endpoints) {
        if (endpoint.port !== target && Number(served) !== port.number) continue;
        if (holds(endpoint.labels, wanted)) found.push(inMeshOnly(endpoint, service));
      }
  return found;
}

/** Who is outside the mesh has no identity that callers would ask for. */
function inMeshOnly(endpoint: Endpoint, { location }: KnownService): Endpoint {
  if (location === 'mesh') return endpoint;
  const { spiffeId: _identity, ...rest } = endpoint;
  return { ...rest, mtls: false };
}

function holds(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** Of two endpoints with the same key the first is kept. */
function distinct(endpoints: readonly Endpoint[]): Endpoint[] {
  const byKey = new Map<string, Endpoint>();
  for (const endpoint of endpoints) if (!byKey.has(endpoint.key)) byKey.set(endpoint.key, endpoint);
  return [...byKey.values()];
}

/** All of one host together. One list alone stays the object that it is. */
export function mergeEndpoints(all: readonly EffectiveEndpoints[]): EffectiveEndpoints | undefined {
  const [first] = all;
  if (first === undefined || all.length === 1) return first;
  const ports: Record<string, readonly Endpoint[]> = {};
  for (const one of all)
    for (const [port, endpoints] of Object.entries(one.ports))
      ports[port] = distinct([...(ports[port] ?? []), ...endpoints]);
  return { host: first.host, ports };
}
/** What is no name gives no identity, and a peer of unknown identity is refused. @source SPIFFE-ID.md, segments of a path */
function isAccount(name: string | undefined): name is string {
  return name !== undefined && /^[a-zA-Z0-9._-]+$/.test(name) && !/^\.{1,2}$/.test(name);
}
