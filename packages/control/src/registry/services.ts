/**
 * What registrations say together: which services there are, and where their endpoints are. Pure; equal registrations in any order
 * give equal results, so that nothing travels when nothing changed.
 */
import type { EffectiveEndpoints, RegisteredService, ServicePort } from 'heddle/policy';
import { type Endpoint, endpointKey, type ListenerRegistration, type Workload } from 'heddle/ports';
import { serviceHost } from '../names.js';
import type { ServiceAccounts } from './service-accounts.js';

/** One workload's registration, as the store keeps it. */
export interface WorkloadRecord {
  /** Of the registration; a workload that connects again gets another. */
  readonly id: string;
  readonly workload: Workload;
  /** That it proved; null in dev mode, where nobody proves anything. */
  readonly spiffeId: string | null;
  readonly listeners: readonly ListenerRegistration[];
  /** Milliseconds since the epoch. */
  readonly registeredAt: number;
}

export interface Services {
  readonly services: readonly RegisteredService[];
  readonly endpoints: readonly EffectiveEndpoints[];
}

interface Building {
  readonly namespace: string;
  readonly ports: Map<number, ServicePort>;
  /** By service port, then by address. */
  readonly endpoints: Map<number, Map<string, Endpoint>>;
}

/** @param accounts who may serve what; listeners of others are left out */
export function servicesOf(records: readonly WorkloadRecord[], accounts: ServiceAccounts): Services {
  const hosts = new Map<string, Building>();
  // Newest last: of two registrations of one address, the newer is the process that listens there now.
  const ordered = [...records].sort((a, b) => a.registeredAt - b.registeredAt || compare(a.id, b.id));
  for (const record of ordered) {
    for (const listener of record.listeners) {
      if (isServer(record, listener, accounts)) addListener(hosts, record, listener);
    }
  }
  const names = [...hosts.keys()].sort(compare);
  return {
    services: names.map((host) => {
      const { namespace, ports } = hosts.get(host)!;
      return { host, namespace, ports: [...ports.values()].sort((a, b) => a.number - b.number) };
    }),
    endpoints: names.map((host) => ({ host, ports: portsOf(hosts.get(host)!) })),
  };
}

/** In dev mode nobody proves anything, and everybody may serve everything. */
function isServer(
  { spiffeId, workload }: WorkloadRecord,
  { service }: ListenerRegistration,
  accounts: ServiceAccounts,
): boolean {
  return spiffeId === null || accounts.mayServe(service, workload.namespace, workload.serviceAccount);
}

function addListener(
  hosts: Map<string, Building>,
  record: WorkloadRecord,
  listener: ListenerRegistration,
): void {
  const { workload } = record;
  const host = serviceHost(listener.service, workload.namespace);
  if (host === undefined) return;
  let building = hosts.get(host);
  if (building === undefined) {
    building = { namespace: workload.namespace, ports: new Map(), endpoints: new Map() };
    hosts.set(host, building);
  }
  const number = listener.servicePort;
  // The oldest registration names the port: a newcomer cannot change the protocol under those who are there.
  if (!building.ports.has(number)) {
    building.ports.set(number, { number, name: listener.portName, protocol: listener.protocol });
  }
  let endpoints = building.endpoints.get(number);
  if (endpoints === undefined) building.endpoints.set(number, (endpoints = new Map()));
  const key = endpointKey(listener.address, listener.port);
  endpoints.set(key, {
    key,
    address: listener.address,
    port: listener.port,
    labels: workload.labels,
    weight: 1,
    ...(workload.locality === undefined ? {} : { locality: workload.locality }),
    ...(record.spiffeId === null ? {} : { spiffeId: record.spiffeId }),
    mtls: listener.mtls && record.spiffeId !== null,
    workload: workload.name,
  });
}

function portsOf(building: Building): Record<string, readonly Endpoint[]> {
  const ports: Record<string, readonly Endpoint[]> = {};
  for (const number of [...building.endpoints.keys()].sort((a, b) => a - b)) {
    ports[number] = [...building.endpoints.get(number)!.values()].sort((a, b) => compare(a.key, b.key));
  }
  return ports;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
