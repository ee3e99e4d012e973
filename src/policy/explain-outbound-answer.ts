/** The parts of an answer of `heddle explain outbound` that are the same whatever became of the call. */
import { copyFields, type HeaderFields } from '../base/headers.js';
import type { Random } from '../base/random.js';
import { mirrorCluster } from '../traffic/mirror/decide.js';
import type { CompiledDestination, CompiledRoute } from '../traffic/route/index.js';
import { summariseHeaders } from './explain-steps.js';
import type { ExplainedCluster, OutboundExplanation } from './outbound-question.js';

/** What is known of a call before anything was decided; of a call that was rewritten, too. */
export interface ExplainedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
}

/** Nothing decided: empty values. */
export function emptyAnswer(
  request: ExplainedRequest,
  virtualService: string | null,
  steps: readonly string[],
): OutboundExplanation {
  return {
    outcome: 'blocked',
    virtualService,
    route: null,
    clusters: [],
    picked: null,
    request: requestOf(request),
    responseHeaders: { set: {}, add: {}, remove: [] },
    redirect: null,
    directResponse: null,
    fault: null,
    mirrors: [],
    timeoutMs: null,
    retries: null,
    cors: null,
    steps,
  };
}

/** What a route says about every call that it takes. */
export function routeParts(route: CompiledRoute, port: number): Partial<OutboundExplanation> {
  const { retries } = route;
  return {
    route: route.index < 0 ? null : { index: route.index, name: route.name },
    responseHeaders: summariseHeaders(route.responseHeaders),
    mirrors: (route.mirrors ?? []).map((mirror) => ({
      cluster: mirrorCluster(mirror, port),
      percentage: mirror.percentage,
    })),
    timeoutMs: route.timeoutMs,
    retries: retries && {
      attempts: retries.attempts,
      perTryTimeoutMs: retries.perTryTimeoutMs,
      on: retries.on,
    },
    cors: route.cors?.policy ?? null,
  };
}

export function clustersOf(route: CompiledRoute, port: number): ExplainedCluster[] {
  const action = route.effective.action;
  if (action.kind !== 'forward') return [];
  const settled: CompiledDestination[] = route.destinations.map((destination, index) =>
    destination.forPort(route, action.destinations[index]!, port),
  );
  return sharesOf(settled);
}

interface Weighted {
  readonly cluster: string;
  readonly host: string;
  readonly subset: string;
  readonly port: number;
  readonly weight: number;
}

/** Weights as fractions that add up to 1. */
export function sharesOf(destinations: readonly Weighted[]): ExplainedCluster[] {
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return destinations.map(({ cluster, host, subset, port, weight }) => ({
    name: cluster,
    host,
    subset,
    port,
    weight: destinations.length === 1 ? 1 : weight / total,
  }));
}

export function requestOf(from: ExplainedRequest): OutboundExplanation['request'] {
  const { method, scheme, authority, path, headers } = from;
  return { method, scheme, authority, path, headers: { ...copyFields(headers) } };
}

export function fixedRandom(value: number): Random {
  return { next: () => value };
}
