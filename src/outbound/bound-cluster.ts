/** A cluster with its state: what a call needs to make an attempt. */
import type { Random } from '../base/random.js';
import type { EndpointState } from '../model/endpoint-state.js';
import type { AttemptFilter } from '../model/filter.js';
import type { EffectiveCluster } from '../policy/effective.js';
import type { Balancer } from '../ports/balancer.js';
import { hashOf, makeCookie } from '../traffic/balance/index.js';
import { limitFilter } from '../traffic/limit/index.js';
import { ATTEMPT_ORDER, inOrder } from './order.js';
import type { OutboundCall } from './outbound-call.js';
import type { ClusterState } from './state.js';

export class BoundCluster {
  readonly policy: EffectiveCluster;
  readonly endpoints: readonly EndpointState[];
  /** Of attempts of calls. */
  readonly filters: readonly AttemptFilter[];
  readonly state: ClusterState;
  readonly #balancer: Balancer;
  readonly #random: Random;
  #connectionFilters: readonly AttemptFilter[] | null = null;

  constructor(
    policy: EffectiveCluster,
    endpoints: readonly EndpointState[],
    state: ClusterState,
    balancer: Balancer,
    filters: readonly AttemptFilter[],
    random: Random,
  ) {
    this.policy = policy;
    this.endpoints = endpoints;
    this.state = state;
    this.filters = filters;
    this.#balancer = balancer;
    this.#random = random;
  }

  /** Of connections that are not HTTP. Few clusters have any. */
  get connectionFilters(): readonly AttemptFilter[] {
    this.#connectionFilters ??= inOrder<AttemptFilter>(ATTEMPT_ORDER, [
      ...this.filters.filter(({ name }) => ON_CONNECTIONS.has(name)),
      limitFilter(this.state.connections),
    ]);
    return this.#connectionFilters;
  }

  /** The endpoint for the next attempt; undefined if none can take it. */
  pick(call: OutboundCall): EndpointState | undefined {
    const retries = call.plan?.route?.retries;
    const elsewhere = retries?.remoteLocalities === true;
    const avoid = elsewhere || retries?.ignorePreviousHosts !== false;
    return this.#balancer.pick({ hash: this.#hash(call), tried: avoid ? call.tried : NOBODY, elsewhere });
  }

  /** One that no attempt of the call was made on; undefined if there is none. */
  pickOther(call: OutboundCall): EndpointState | undefined {
    const other = this.#balancer.pick({ hash: this.#hash(call), tried: call.tried });
    return other === undefined || call.tried.includes(other) ? undefined : other;
  }

  #hash(call: OutboundCall): number | undefined {
    const { balancer } = this.policy;
    if (balancer.kind !== 'consistent-hash') return undefined;
    const hash = hashOf(balancer.hash, {
      headers: call.headers,
      path: call.path,
      sourceIp: call.exchange?.facts.remoteIp ?? null,
    });
    if (hash !== undefined) return hash;
    call.cookie ??= makeCookie(balancer.hash, this.#random);
    return call.cookie?.hash;
  }
}

/** What calls and connections have in common. Adaptive limits go by how long calls take, spans and metrics are about HTTP. */
const ON_CONNECTIONS: ReadonlySet<string> = new Set(['load', 'breaker', 'outlier', 'identity']);
const NOBODY: readonly EndpointState[] = [];
