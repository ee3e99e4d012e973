/**
 * The policies of `heddle.dev/v1` for one workload: of the hosts that it calls, as DestinationRules are found; and of what arrives at
 * it, as PeerAuthentications are: its own (by labels), else its namespace's, else the mesh's; of several the oldest.
 */
import type { FieldMatch, RequestMatch } from '../../model/request-match.js';
import { type ConcurrencyPolicy, concurrencyPolicyFrom } from '../../traffic/concurrency/policy.js';
import { hedgePolicyFrom } from '../../traffic/hedge/policy.js';
import { type QueuePolicy, queuePolicyFrom } from '../../traffic/queue/policy.js';
import type { RateLimitKey, RateLimitPolicy } from '../../traffic/rate-limit/policy.js';
import type { EffectiveCluster, EffectiveInbound, EffectiveInboundResilience } from '../effective.js';
import { durationMs } from '../kinds/duration.js';
import { limitName, type RateLimitSpec, rateLimit } from '../kinds/rate-limit.js';
import type { RequestMatchSpec } from '../kinds/rate-limit-match.js';
import { type ResiliencePolicySpec, resiliencePolicy } from '../kinds/resilience-policy.js';
import type { ConcurrencySpec, QueueSpec } from '../kinds/resilience-policy-shapes.js';
import type { Resource, Scope } from '../resource.js';
import { selectsLabels } from './inbound.js';
import { ROOT_NAMESPACE } from './names.js';
import { compareAge } from './order.js';
import { ofKind, type Typed } from './typed.js';

interface Attached {
  readonly host?: string | undefined;
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
}

/** What a ResiliencePolicy adds to each cluster of its host, beside breaker and budget. */
export function clusterResilience(
  spec: ResiliencePolicySpec | null,
): Pick<EffectiveCluster, 'hedging' | 'deadlineMs' | 'concurrency'> {
  const { hedging, deadline, concurrency } = spec ?? {};
  return {
    ...(hedging !== undefined &&
      hedging.maxAttempts > 1 && {
        hedging: hedgePolicyFrom({ ...hedging, delayMs: durationMs(hedging.delay, 0) }),
      }),
    ...(deadline !== undefined && { deadlineMs: durationMs(deadline, 0) }),
    ...(concurrency !== undefined && { concurrency: effectiveConcurrency(concurrency) }),
  };
}

export interface InboundPolicies {
  /** Oldest first. */
  readonly resilience: readonly Typed<ResiliencePolicySpec>[];
  readonly rateLimits: readonly Typed<RateLimitSpec>[];
}

/** Those of all resources, for whoever asks once. */
export function inboundPoliciesOf(resources: readonly Resource[]): InboundPolicies {
  const ordered = [...resources].sort(compareAge);
  return { resilience: ofKind(ordered, resiliencePolicy), rateLimits: ofKind(ordered, rateLimit) };
}

/** What a workload's own side adds to {@link EffectiveInbound}. */
export function inboundResilience(
  { resilience, rateLimits }: InboundPolicies,
  scope: Scope,
): Pick<EffectiveInbound, 'resilience' | 'rateLimit'> {
  const speaking = speakingFor(resilience, scope);
  const limiting = speakingFor(rateLimits, scope);
  return {
    ...(speaking !== undefined && { resilience: effectiveInbound(speaking) }),
    ...(limiting !== undefined && { rateLimit: effectiveRateLimit(limiting) }),
  };
}

function speakingFor<Spec extends Attached>(
  all: readonly Typed<Spec>[],
  scope: Scope,
): Typed<Spec> | undefined {
  const own = all.filter(
    ({ spec, metadata }) =>
      spec.selector !== undefined && metadata.namespace === scope.namespace && selectsLabels(spec, scope),
  );
  const labelled = ({ spec }: Typed<Spec>) => Object.keys(spec.selector?.matchLabels ?? {}).length > 0;
  return (
    own.find(labelled) ??
    own[0] ??
    // In the root namespace a selector with labels speaks of workloads there, and of no others.
    all.find(
      (one) => one.spec.selector !== undefined && one.metadata.namespace === ROOT_NAMESPACE && !labelled(one),
    )
  );
}

function effectiveInbound({ id, spec }: Typed<ResiliencePolicySpec>): EffectiveInboundResilience {
  const { deadline, concurrency, queue, priorities } = spec;
  return {
    policy: id,
    ...(deadline !== undefined && { deadlineMs: durationMs(deadline, 0) }),
    ...(concurrency !== undefined && { concurrency: effectiveConcurrency(concurrency) }),
    ...(concurrency !== undefined && queue !== undefined && { queue: effectiveQueue(queue) }),
    ...(concurrency !== undefined &&
      priorities !== undefined && {
        priorities: priorities.map(({ name, priority, match }) => ({ name, priority, ...matching(match) })),
      }),
  };
}

export function effectiveRateLimit({ id, spec }: Typed<RateLimitSpec>): RateLimitPolicy {
  return {
    policy: id,
    limits: spec.limits.map((limit, index) => ({
      name: limitName(limit, index),
      ...matching(limit.match),
      ...(limit.by !== undefined && { by: limit.by.map(effectiveKey) }),
      requests: limit.requests,
      perMs: durationMs(limit.per, 1_000),
      burst: limit.burst ?? limit.requests,
      ...(limit.rateLimitedAsResourceExhausted === true && { resourceExhausted: true }),
    })),
  };
}

/** Names of fields are compared in lower case. */
function effectiveKey(key: string): RateLimitKey {
  return (key.startsWith('header:') ? key.toLowerCase() : key) as RateLimitKey;
}

function matching(match: RequestMatchSpec | undefined): { readonly match?: RequestMatch } {
  if (match === undefined || Object.keys(match).length === 0) return {};
  if (match.headers === undefined) return { match };
  const headers: Record<string, FieldMatch> = {};
  for (const [name, value] of Object.entries(match.headers)) headers[name.toLowerCase()] = value;
  return { match: { ...match, headers } };
}

function effectiveConcurrency(spec: ConcurrencySpec): ConcurrencyPolicy {
  const { sampleWindow, minRttInterval, ...numbers } = spec;
  return concurrencyPolicyFrom({
    ...numbers,
    sampleWindowMs: durationMs(sampleWindow, undefined),
    minRttIntervalMs: durationMs(minRttInterval, undefined),
  });
}

function effectiveQueue({ maxLength, maxWait, standingWait, maxLoopDelay }: QueueSpec): QueuePolicy {
  return queuePolicyFrom({
    maxLength,
    maxWaitMs: durationMs(maxWait, undefined),
    standingWaitMs: durationMs(standingWait, undefined),
    maxLoopDelayMs: durationMs(maxLoopDelay, undefined),
  });
}
