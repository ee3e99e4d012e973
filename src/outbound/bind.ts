/**
 * Snapshot: compiled policy bound to this process's state and filters. Immutable, swapped whole: one call sees one snapshot.
 * Everything that can be decided before a call is decided here, so that a call only reads.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Destination } from '../model/destination.js';
import { type Endpoint, endpointKey } from '../model/endpoint.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import { buildHostTable, type CompiledHost, compileHost, type HostTable } from '../policy/compile.js';
import type { EffectiveCluster, EffectiveHost, EffectiveMesh, EffectivePolicy } from '../policy/effective.js';
import type { Balancer } from '../ports/balancer.js';
import type { Telemetry } from '../ports/telemetry.js';
import { type Caller, createBalancer } from '../traffic/balance/index.js';
import { breakerFilter } from '../traffic/breaker/index.js';
import { concurrencyFilter } from '../traffic/concurrency/index.js';
import { healthFilter } from '../traffic/health/index.js';
import { limitFilter } from '../traffic/limit/index.js';
import { loadFilter } from '../traffic/load/filter.js';
import { measuringLoadFilter } from '../traffic/load/measuring-filter.js';
import { outlierFilter } from '../traffic/outlier/index.js';
import { AddressedClusters } from './addressed.js';
import { BoundCluster } from './bound-cluster.js';
import { destinationOf } from './destination.js';
import type { CheckWire } from './health-check.js';
import { identityFilter } from './identity.js';
import { type Names, namesOf } from './names.js';
import { ATTEMPT_ORDER, inOrder } from './order.js';
import { RateLimits } from './rate-limits.js';
import { ClusterState, type StateEvent } from './state.js';

const NOWHERE: Caller = { locality: '', labels: {} };

export interface OutboundSnapshot {
  readonly revision: number;
  readonly mesh: EffectiveMesh;
  readonly hosts: HostTable;
  readonly clusters: ReadonlyMap<string, BoundCluster>;
  readonly callFilters: readonly CallFilter[];
  /** Names of clusters of wildcards without endpoints: a call goes to the very host that it names. */
  readonly wildcards: ReadonlySet<string>;
  readonly addressed: AddressedClusters;
}

export interface BinderOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly event: StateEvent;
  /** Where this process is, its labels and its name. @default not known: no endpoint is nearer than another */
  readonly caller?: Caller;
  /** What health checks go over. @default nobody checks, whatever policy says */
  readonly checks?: CheckWire;
  /** Follows the addresses of names. @default names are looked up when connecting */
  readonly names?: Names;
  /** Built once; every snapshot has them. */
  readonly callFilters: readonly CallFilter[];
}

/** What a cluster was bound of. */
interface Bound {
  readonly host: EffectiveHost;
  readonly listed: readonly Endpoint[];
  /** Of the names among them, when they were looked at. */
  readonly named: number;
  /** With an address in the place of each name. */
  readonly found: readonly Endpoint[];
  readonly cluster: BoundCluster;
}

/**
 * With health checks alone, all endpoints are picked from once fewer than half pass: Envoy's default, which Istio's outlier detection
 * replaces by its own. Checks that ask for the wrong thing must not be an outage.
 */
const PANIC_PERCENT = 50;
const NO_ENDPOINTS: readonly Endpoint[] = [];

/** Makes snapshots, and keeps the state that outlives them. */
export class Binder {
  readonly #options: BinderOptions;
  readonly #states = new Map<string, ClusterState>();
  /** Compiling is pure: a host that did not change need not be compiled again. */
  #compiled = new Map<EffectiveHost, CompiledHost>();
  /** So is a cluster that says the same over the same endpoints. */
  #bound = new Map<EffectiveCluster, Bound>();
  readonly #addressed = new AddressedClusters(this);
  readonly #rateLimits: RateLimits;
  #checks: CheckWire | undefined;

  constructor(options: BinderOptions) {
    this.#options = options;
    this.#checks = options.checks;
    this.#rateLimits = new RateLimits(options.clock);
  }

  /** @throws MeshError `HEDDLE_INVALID_POLICY` naming the field; nothing has changed then */
  bind(policy: EffectivePolicy): OutboundSnapshot {
    const compiled = new Map(
      policy.hosts.map((host) => [host, this.#compiled.get(host) ?? compileHost(host)]),
    );
    const endpoints = new Map(policy.endpoints.map((list) => [list.host, list]));
    this.#compiled = compiled;
    const clusters = new Map<string, BoundCluster>();
    const bound = new Map<EffectiveCluster, Bound>();
    const wildcards = new Set<string>();
    const followed = new Set<string>();
    for (const host of policy.hosts) {
      for (const cluster of host.clusters) {
        const listed = endpoints.get(host.host)?.ports[String(cluster.port)] ?? NO_ENDPOINTS;
        const now = this.#boundTo(host, cluster, listed, followed);
        bound.set(cluster, now);
        clusters.set(cluster.name, now.cluster);
        if (host.host.startsWith('*') && isAddressed(host, cluster, listed)) wildcards.add(cluster.name);
      }
    }
    this.#bound = bound;
    this.#options.names?.retain(followed);
    const addressed = this.#addressed;
    addressed.retain(clusters, policy.mesh.outboundTrafficPolicy === 'ALLOW_ANY');
    const kept = new Set(clusters.keys());
    for (const cluster of addressed.clusters()) kept.add(cluster.policy.name);
    for (const name of this.#states.keys()) if (!kept.has(name)) this.forget(name);
    return {
      revision: policy.revision,
      mesh: policy.mesh,
      hosts: buildHostTable([...compiled.values()]),
      clusters,
      callFilters: this.#rateLimits.among(this.#options.callFilters, policy.hosts),
      wildcards,
      addressed,
    };
  }

  /** What it was bound to before, if nothing has changed since. @param followed takes the names among its endpoints */
  #boundTo(
    host: EffectiveHost,
    cluster: EffectiveCluster,
    listed: readonly Endpoint[],
    followed: Set<string>,
  ): Bound {
    const { names } = this.#options;
    const byName = names !== undefined && host.resolution === 'dns';
    const named = byName ? names.revision : 0;
    const before = this.#bound.get(cluster);
    if (byName) for (const name of namesOf(reachable(host, cluster, listed))) followed.add(name);
    if (before?.listed === listed && before.host === host && before.named === named) return before;
    const endpoints = reachable(host, cluster, listed);
    const found = byName ? names.expand(endpoints) : endpoints;
    // Another name has other addresses.
    if (before?.listed === listed && before.host === host && isDeepStrictEqual(before.found, found))
      return { ...before, named };
    return { host, listed, named, found, cluster: this.cluster(cluster, found) };
  }

  /** Drops what is remembered of a cluster. */
  forget(name: string): void {
    this.#states.get(name)?.dispose();
    this.#states.delete(name);
  }

  /** One cluster over its endpoints. */
  cluster(policy: EffectiveCluster, endpoints: readonly Endpoint[]): BoundCluster {
    const { clock, random, telemetry, event, caller = NOWHERE } = this.#options;
    let state = this.#states.get(policy.name);
    if (state === undefined) {
      state = new ClusterState(policy, { clock, random, event, checks: this.#checks });
      this.#states.set(policy.name, state);
    }
    const selected = selectedBy(policy, endpoints);
    const present = state.update(
      policy,
      selected.map((endpoint) => destinationOf(policy, endpoint)),
    );
    const panicPercent =
      policy.outlier?.minHealthPercent ?? (policy.health === undefined ? 0 : PANIC_PERCENT);
    const balancer: Balancer = createBalancer(policy.balancer, present, {
      ...{ clock, random, panicPercent },
      subsetting: {
        ...{ policy: policy.subsetting, client: caller.name ?? '', widths: state.widths },
        onChange: () => state.worksWithOthers(balancer, policy),
      },
      ...(policy.localityOff !== true && {
        locality: {
          caller,
          policy: policy.locality,
          failover: policy.outlier !== undefined || policy.health !== undefined,
        },
      }),
    });
    state.checkThoseOf(balancer, policy);
    const filters = inOrder<AttemptFilter>(ATTEMPT_ORDER, [
      policy.balancer.kind === 'peak-ewma'
        ? measuringLoadFilter(clock, policy.balancer.decayMs, present)
        : loadFilter,
      state.breaker && breakerFilter(state.breaker),
      state.outlier && outlierFilter(state.outlier),
      state.health && healthFilter(state.health.state),
      state.concurrency && concurrencyFilter(state.concurrency),
      limitFilter(state.limit),
      identityFilter,
      telemetry.attempt,
    ]);
    return new BoundCluster(policy, present, state, balancer, filters, random);
  }

  /** Asks no endpoint any more how it is, those of policies to come included. */
  stopChecks(): void {
    this.#checks = undefined;
    for (const state of this.#states.values()) state.health?.stop();
  }

  dispose(): void {
    for (const state of this.#states.values()) state.dispose();
    this.#states.clear();
  }
}

/** Everything that the snapshot may connect to. */
export function* destinationsOf(snapshot: OutboundSnapshot): Generator<Destination> {
  for (const clusters of [snapshot.clusters.values(), snapshot.addressed.clusters()]) {
    for (const { endpoints, state } of clusters) {
      for (const endpoint of endpoints) yield endpoint.destination;
      if (state.health !== null) yield* state.health.destinations();
    }
  }
}

/** Is the call to go to the host that it names? */
function isAddressed(host: EffectiveHost, cluster: EffectiveCluster, listed: readonly Endpoint[]): boolean {
  return cluster.balancer.kind === 'passthrough' || (host.resolution !== 'static' && listed.length === 0);
}

/** A host that is found by DNS and lists no endpoints is its own endpoint; under a wildcard it is known when it is called. */
function reachable(
  host: EffectiveHost,
  cluster: EffectiveCluster,
  listed: readonly Endpoint[],
): readonly Endpoint[] {
  if (!isAddressed(host, cluster, listed)) return listed;
  if (host.host.startsWith('*')) return [];
  const port = host.ports.find(({ number }) => number === cluster.port)?.targetPort ?? cluster.port;
  const [first] = listed;
  // Whoever answers by that name is one of those that are listed: plain text only if one of them takes no other. @source Istio
  const mtls = first !== undefined && listed.every((endpoint) => endpoint.mtls);
  const spiffeId = listed.every((endpoint) => endpoint.spiffeId === first?.spiffeId)
    ? first?.spiffeId
    : undefined;
  const key = endpointKey(host.host, port);
  return [
    {
      key,
      address: host.host,
      port,
      labels: {},
      weight: 1,
      mtls,
      ...(spiffeId !== undefined && { spiffeId }),
    },
  ];
}

/** Those with the cluster's labels, each address once: several names may have the same. @source Envoy, where the first counts, too */
function selectedBy(policy: EffectiveCluster, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const keys = new Set<string>();
  return endpoints.filter(({ key, labels }) => {
    if (!holds(labels, policy.labels) || keys.has(key)) return false;
    keys.add(key);
    return true;
  });
}

function holds(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  for (const name in wanted) if (labels[name] !== wanted[name]) return false;
  return true;
}
