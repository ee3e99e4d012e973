/**
 * How an endpoint is picked.
 * @source Istio DestinationRule.trafficPolicy.loadBalancer; Envoy's load balancing policies
 */
export type BalancerPolicy =
  | { readonly kind: 'round-robin'; readonly warmup?: WarmupPolicy }
  | { readonly kind: 'random' }
  /** Power of two choices on requests in flight. The default. */
  | { readonly kind: 'least-request'; readonly warmup?: WarmupPolicy }
  /** Power of two choices on latency and requests in flight. Only a ResiliencePolicy asks for it. */
  | {
      readonly kind: 'peak-ewma';
      /** A latency that was seen counts for 1/e after so long, milliseconds. @default 10 000 */
      readonly decayMs: number;
      readonly warmup?: WarmupPolicy;
    }
  | {
      readonly kind: 'consistent-hash';
      readonly hash: HashPolicy;
      readonly table: 'ring' | 'maglev';
      readonly size: number;
    }
  /** Nothing is picked: the call goes to the address that the caller named. */
  | { readonly kind: 'passthrough' };

/**
 * Which localities (`region/zone/subzone`) take the calls of a workload. At most one of the three is set, but that
 * `failoverPriority` may stand beside `failover`.
 * @source Istio DestinationRule.trafficPolicy.loadBalancer.localityLbSetting; spec traffic.md §4.4
 */
export interface LocalityPolicy {
  /** Shares in percent, by the locality that calls; `*` may end a locality. */
  readonly distribute?: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  /** Which region stands in for which. */
  readonly failover?: readonly { readonly from: string; readonly to: string }[];
  /** Labels, or `label=value`, that endpoints should share with the caller; the first counts most. */
  readonly failoverPriority?: readonly string[];
  /** Only regions count, and failover does not wait for outlier detection. @source Istio `zoneAwareLbSetting` without weighing of zones */
  readonly regions?: true;
}

/** What is hashed. */
export type HashPolicy =
  | { readonly from: 'header'; readonly name: string }
  | {
      readonly from: 'cookie';
      readonly name: string;
      readonly path: string;
      readonly ttlMs: number | null;
      /** Of a cookie that the mesh makes, beside its path and age: `SameSite`, `Secure`, … */
      readonly attributes?: readonly CookieAttribute[];
    }
  | { readonly from: 'source-ip' }
  | { readonly from: 'query'; readonly name: string };

export interface CookieAttribute {
  readonly name: string;
  /** Absent: the name alone. */
  readonly value?: string;
}

/**
 * A process works with a part of a long list of endpoints, and with more of it the more it has to do, so that it does not connect to
 * all. Not with consistent hashing.
 * @source Finagle, "Aperture load balancers"
 */
export interface SubsettingPolicy {
  readonly enabled: boolean;
  /** The least endpoints that a process works with. @default 50 */
  readonly minEndpoints: number;
  /** Lists that are not longer are worked with whole. @default 2 × minEndpoints */
  readonly threshold: number;
}

/** Fills in what a ResiliencePolicy leaves open. @source Google, "Site Reliability Engineering", ch. 20: subsets of 20 to 100 */
export function subsettingFrom(input: {
  readonly enabled?: boolean | undefined;
  readonly minEndpoints?: number | undefined;
  readonly threshold?: number | undefined;
}): SubsettingPolicy {
  const minEndpoints = input.minEndpoints ?? 50;
  return {
    enabled: input.enabled ?? true,
    minEndpoints,
    threshold: input.threshold ?? 2 * minEndpoints,
  };
}

/** For `explain`. */
export function describeSubsetting({ enabled, minEndpoints, threshold }: SubsettingPolicy): string {
  if (!enabled) return 'subsetting: off; this process works with all endpoints';
  return `subsetting: of more than ${threshold} endpoints this process works with ${minEndpoints}, or more when they are busy`;
}

/** Slow start. */
export interface WarmupPolicy {
  readonly durationMs: number;
  /** @default 10 */
  readonly minimumPercent: number;
  /** @default 1 */
  readonly aggression: number;
}

/** Istio's `loadBalancer` in plain words: durations in milliseconds, nothing filled in. */
export interface BalancerInput {
  readonly simple?: string | undefined;
  readonly hash?: {
    readonly header?: string | undefined;
    readonly cookie?:
      | {
          readonly name: string;
          readonly path?: string | undefined;
          readonly ttlMs?: number | undefined;
          readonly attributes?: readonly CookieAttribute[] | undefined;
        }
      | undefined;
    readonly query?: string | undefined;
    readonly ringSize?: number | undefined;
    /** Set: Maglev. */
    readonly maglevSize?: number | undefined;
  };
  readonly warmup?: {
    readonly durationMs: number;
    readonly minimumPercent?: number | undefined;
    readonly aggression?: number | undefined;
  };
}

/** @source Envoy `ring_hash_lb.h` and Istio's default for it */
const RING_SIZE = 1024;

/** LEAST_REQUEST unless something else is asked for; UNSPECIFIED and LEAST_CONN are other names for it. */
export function balancerPolicyFrom(input: BalancerInput | undefined): BalancerPolicy {
  if (input?.hash !== undefined) {
    const { hash } = input;
    const maglev = hash.maglevSize !== undefined;
    return {
      kind: 'consistent-hash',
      hash: hashPolicyFrom(hash),
      table: maglev ? 'maglev' : 'ring',
      size: maglev ? hash.maglevSize! : hash.ringSize || RING_SIZE,
    };
  }
  const warmup = input?.warmup === undefined ? {} : { warmup: warmupFrom(input.warmup) };
  if (input?.simple === 'PASSTHROUGH') return { kind: 'passthrough' };
  if (input?.simple === 'RANDOM') return { kind: 'random' };
  if (input?.simple === 'ROUND_ROBIN') return { kind: 'round-robin', ...warmup };
  return { kind: 'least-request', ...warmup };
}

function hashPolicyFrom(hash: NonNullable<BalancerInput['hash']>): HashPolicy {
  if (hash.header) return { from: 'header', name: hash.header.toLowerCase() };
  if (hash.query) return { from: 'query', name: hash.query };
  if (hash.cookie === undefined) return { from: 'source-ip' };
  return {
    from: 'cookie',
    name: hash.cookie.name,
    path: hash.cookie.path ?? '',
    ttlMs: hash.cookie.ttlMs ?? null,
    ...(hash.cookie.attributes?.length && { attributes: hash.cookie.attributes }),
  };
}

function warmupFrom(warmup: NonNullable<BalancerInput['warmup']>): WarmupPolicy {
  return {
    durationMs: warmup.durationMs,
    minimumPercent: warmup.minimumPercent ?? 10,
    aggression: warmup.aggression ?? 1,
  };
}
