/**
 * How an endpoint is picked.
 * @source Istio DestinationRule.trafficPolicy.loadBalancer; Envoy's load balancing policies
 */
export type BalancerPolicy =
  | { readonly kind: 'round-robin'; readonly warmup?: WarmupPolicy }
  | { readonly kind: 'random' }
  /** Power of two choices on requests in flight. The default. */
  | { readonly kind: 'least-request'; readonly warmup?: WarmupPolicy }
  | {
      readonly kind: 'consistent-hash';
      readonly hash: HashPolicy;
      readonly table: 'ring' | 'maglev';
      readonly size: number;
    };

/** What is hashed. */
export type HashPolicy =
  | { readonly from: 'header'; readonly name: string }
  | { readonly from: 'cookie'; readonly name: string; readonly path: string; readonly ttlMs: number | null }
  | { readonly from: 'source-ip' }
  | { readonly from: 'query'; readonly name: string };

/** Slow start. */
export interface WarmupPolicy {
  readonly durationMs: number;
  /** @default 10 */
  readonly minimumPercent: number;
  /** @default 1 */
  readonly aggression: number;
}
