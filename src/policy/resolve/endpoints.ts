/**
 * Endpoints that a ServiceEntry lists, or that its host names, beside those that registered.
 * @source Istio `pilot/pkg/serviceregistry/serviceentry/conversion.go`
 */
import { type Endpoint, endpointKey } from '../../model/endpoint.js';
import type { EffectiveEndpoints, ServicePort } from '../effective.js';
import type { ServiceEntryEndpoint } from '../kinds/service-entry.js';
import { fullName } from './names.js';
import type { KnownService } from './services.js';

/** null: the service has none of its own; they come from registrations. */
export function entryEndpoints(service: KnownService, trustDomain: string): EffectiveEndpoints | null {
  const { entry } = service;
  if (entry === null) return null;
  const listed = entry.spec.endpoints ?? [];
  // Without endpoints the host is looked up as it was written; a wildcard names no address.
  const written = entry.spec.hosts?.find((host) => fullName(host, service.namespace) === service.host);
  const implied: readonly ServiceEntryEndpoint[] =
    service.resolution === 'static' || service.host.startsWith('*') ? [] : [{ address: written }];
  const ports: Record<string, Endpoint[]> = {};
  for (const port of service.ports)
    ports[port.number] = (listed.length > 0 ? listed : implied).flatMap((endpoint) =>
      endpoint.address ? [toEndpoint(endpoint, port, service, trustDomain)] : [],
    );
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
  const number = own ?? port.targetPort ?? port.number;
  const inMesh = service.location === 'mesh';
  return {
    key: endpointKey(address, number),
    address,
    port: number,
    labels: from.labels ?? {},
    weight: from.weight || 1,
    ...(from.locality && { locality: from.locality }),
    ...(inMesh &&
      from.serviceAccount && {
        spiffeId: `spiffe://${trustDomain}/ns/${service.namespace}/sa/${from.serviceAccount}`,
      }),
    mtls: inMesh && from.labels?.['security.istio.io/tlsMode'] === 'istio',
  };
}

/** Both together; of two endpoints with the same key the first is kept. */
export function mergeEndpoints(all: readonly EffectiveEndpoints[]): EffectiveEndpoints[] {
  const hosts = new Map<string, Map<string, Map<string, Endpoint>>>();
  for (const { host, ports } of all) {
    const byPort = hosts.get(host) ?? new Map<string, Map<string, Endpoint>>();
    hosts.set(host, byPort);
    for (const [port, endpoints] of Object.entries(ports)) {
      const byKey = byPort.get(port) ?? new Map<string, Endpoint>();
      byPort.set(port, byKey);
      for (const endpoint of endpoints) if (!byKey.has(endpoint.key)) byKey.set(endpoint.key, endpoint);
    }
  }
  return [...hosts].map(([host, byPort]) => ({
    host,
    ports: Object.fromEntries([...byPort].map(([port, byKey]) => [port, [...byKey.values()]])),
  }));
}
