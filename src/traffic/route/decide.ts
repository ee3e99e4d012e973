/**
 * Routing: the first route whose conditions all hold, and the destination that is drawn from it. Pure. The same function serves
 * calls and explanations; an explanation hands in a trace.
 * @source Istio `route.go`; Envoy `config_impl.cc` (first match wins, no fall-through)
 */
import type { Random } from '../../base/random.js';
import { pickWeighted } from '../split/decide.js';
import type { CompiledRoute, ForwardVerdict, RouteTable } from './compile.js';
import type { Condition } from './match.js';
import { redirectLocation } from './redirect.js';
import { pathEnd, type RequestFacts } from './request-parts.js';

export type RouteVerdict =
  | ForwardVerdict
  | {
      readonly kind: 'redirect';
      readonly route: CompiledRoute;
      readonly status: number;
      readonly location: string;
    }
  | {
      readonly kind: 'directResponse';
      readonly route: CompiledRoute;
      readonly status: number;
      readonly body: string;
    }
  /** The host has a VirtualService and none of its routes is for this request: 404, flag NR. */
  | { readonly kind: 'noRoute'; readonly because: 'no-route-matched' };

/** Told what is tried, in order. Nobody listens on the path of calls. */
export interface RouteTrace {
  skipped(route: CompiledRoute, failed: Condition): void;
  matched(route: CompiledRoute): void;
}

const NO_ROUTE: RouteVerdict = { kind: 'noRoute', because: 'no-route-matched' };

export function decideRoute(
  table: RouteTable,
  request: RequestFacts,
  random: Random,
  trace?: RouteTrace,
): RouteVerdict {
  const end = pathEnd(request.path);
  const { routes } = table;
  for (let i = 0; i < routes.length; i += 1) {
    const route = routes[i]!;
    if (route.conditions !== null) {
      if (trace === undefined && route.excludes(request.path, end)) continue;
      const failed = firstFailed(route.conditions, request, end);
      if (failed !== null) {
        trace?.skipped(route, failed);
        continue;
      }
    }
    trace?.matched(route);
    return conclude(route, request, random);
  }
  if (table.fallback !== null && table.ports !== null && !table.ports.has(request.port)) {
    trace?.matched(table.fallback);
    return conclude(table.fallback, request, random);
  }
  return NO_ROUTE;
}

/** null: all hold. */
function firstFailed(conditions: readonly Condition[], request: RequestFacts, end: number): Condition | null {
  for (let i = 0; i < conditions.length; i += 1)
    if (!conditions[i]!.holds(request, end)) return conditions[i]!;
  return null;
}

/** What a route that matched does with the request. */
export function conclude(route: CompiledRoute, request: RequestFacts, random: Random): RouteVerdict {
  const action = route.effective.action;
  switch (action.kind) {
    case 'forward': {
      const index = pickWeighted(route.destinations, route.totalWeight, random);
      const destination = route.destinations[index]!;
      if (destination.port !== 0) return destination.verdict;
      return destination.forPort(route, action.destinations[index]!, request.port).verdict;
    }
    case 'redirect': {
      const location = redirectLocation(action, route.effective.match?.uri, request);
      return { kind: 'redirect', route, status: action.status, location };
    }
    case 'directResponse':
      return { kind: 'directResponse', route, status: action.status, body: action.body };
  }
}
