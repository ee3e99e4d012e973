/**
 * Routes, compiled: what does not depend on the request is worked out here, once for each policy.
 */
import { clusterName, parseClusterName } from '../../model/cluster.js';
import type { FaultPolicy } from '../fault/policy.js';
import { authorityOf, breaksLine, compileHeaders, type HeaderSteps } from '../headers/decide.js';
import type { MirrorPolicy } from '../mirror/policy.js';
import type { RetryPolicy } from '../retry/policy.js';
import { totalWeight } from '../split/decide.js';
import { CompiledCors } from './cors.js';
import { type Condition, compileMatch } from './match.js';
import type { EffectiveRoute, RouteDestination } from './policy.js';
import { type CompiledRewrite, compileRewrite } from './rewrite.js';

/** A cluster that a route may send to, with all that happens to the request on the way. */
export class CompiledDestination {
  /** `outbound|PORT|SUBSET|HOST`, the port settled. */
  readonly cluster: string;
  readonly host: string;
  readonly subset: string;
  /** 0 in a route: the port that the caller addressed. Never 0 in a verdict. */
  readonly port: number;
  readonly weight: number;
  readonly requestHeaders: HeaderSteps;
  readonly responseHeaders: HeaderSteps;
  /** Authority that goes to the wire; null: as the caller wrote it. */
  readonly authority: string | null;
  /** Nothing about the request changes: the usual case, told by one test. */
  readonly untouched: boolean;
  /** The verdict for this destination, made once so that deciding allocates nothing. */
  readonly verdict: ForwardVerdict;
  readonly #ports: Map<number, CompiledDestination> = new Map();

  constructor(route: CompiledRoute, destination: RouteDestination, cluster: string) {
    const parts = parseClusterName(cluster);
    if (parts === undefined)
      throw new RangeError(`'${cluster}' is not the name of a cluster: expected outbound|PORT|SUBSET|HOST`);
    const rule = route.effective;
    const several =
      rule.action.kind === 'forward' &&
      (rule.action.weighted === true || rule.action.destinations.length > 1);
    this.cluster = cluster;
    this.host = parts.host;
    this.subset = parts.subset;
    this.port = parts.port;
    this.weight = destination.weight;
    this.requestHeaders = compileHeaders(rule.headers?.request, destination.headers?.request, several);
    this.responseHeaders = compileHeaders(rule.headers?.response, destination.headers?.response, several);
    this.authority = checkedAuthority(
      // An empty one counts for none (Istio).
      rule.rewrite?.authority ||
        authorityOf(rule.headers?.request) ||
        authorityOf(destination.headers?.request) ||
        null,
    );
    this.untouched = route.rewrite === null && this.authority === null && this.requestHeaders.length === 0;
    this.verdict = { kind: 'forward', route, destination: this };
  }

  /** This destination for a call to `port`. */
  forPort(route: CompiledRoute, source: RouteDestination, port: number): CompiledDestination {
    if (this.port !== 0) return this;
    let settled = this.#ports.get(port);
    if (settled === undefined) {
      settled = new CompiledDestination(route, source, clusterName(port, this.subset, this.host));
      this.#ports.set(port, settled);
    }
    return settled;
  }
}

/** @throws RangeError if it could end a header's line */
function checkedAuthority(authority: string | null): string | null {
  if (authority !== null && breaksLine(authority))
    throw new RangeError('the authority holds a line break or a NUL');
  return authority;
}

/** One row of the table. */
export class CompiledRoute {
  readonly effective: EffectiveRoute;
  readonly index: number;
  readonly name: string | null;
  /** null: every request. */
  readonly conditions: readonly Condition[] | null;
  /** Empty for redirects and direct responses. */
  readonly destinations: readonly CompiledDestination[];
  readonly totalWeight: number;
  readonly timeoutMs: number | null;
  readonly retries: RetryPolicy | null;
  readonly fault: FaultPolicy | null;
  /** null: none. */
  readonly mirrors: readonly MirrorPolicy[] | null;
  readonly cors: CompiledCors | null;
  readonly rewrite: CompiledRewrite | null;
  /** What the path must begin with, by length and last character alone: enough to tell most requests apart. 0: nothing. */
  readonly #literalLength: number;
  readonly #literalLast: number;
  /** Only a request with a query can match. */
  readonly #asksQuery: boolean;
  /** For answers that the mesh gives itself; forwarded responses take the destination's. */
  readonly responseHeaders: HeaderSteps;

  /** @throws Error on a pattern that is not RE2, RangeError on a broken header value */
  constructor(route: EffectiveRoute) {
    this.effective = route;
    this.index = route.index;
    this.name = route.name;
    const conditions = route.match === undefined ? [] : compileMatch(route.match);
    this.conditions = conditions.length === 0 ? null : conditions;
    const literal = conditions.find(({ subject }) => subject === 'uri')?.matcher?.literal ?? '';
    this.#literalLength = literal.length;
    this.#literalLast = literal === '' ? 0 : literal.charCodeAt(literal.length - 1);
    this.#asksQuery = conditions.some(({ subject }) => subject === 'query');
    this.timeoutMs = route.timeoutMs;
    this.retries = route.retries;
    this.fault = route.fault ?? null;
    this.mirrors = route.mirrors !== undefined && route.mirrors.length > 0 ? route.mirrors : null;
    this.cors = route.cors === undefined ? null : new CompiledCors(route.cors);
    this.rewrite = compileRewrite(route.rewrite, route.match?.uri);
    this.responseHeaders = compileHeaders(route.headers?.response, undefined, false);
    const destinations = route.action.kind === 'forward' ? route.action.destinations : [];
    this.destinations = destinations.map(
      (destination) => new CompiledDestination(this, destination, destination.cluster),
    );
    this.totalWeight = totalWeight(this.destinations);
  }

  /** true: a request with this path surely does not match. Compares one character, so that a long table is gone through quickly. */
  excludes(path: string, pathEnd: number): boolean {
    const length = this.#literalLength;
    if (length > 0 && (pathEnd < length || path.charCodeAt(length - 1) !== this.#literalLast)) return true;
    return this.#asksQuery && pathEnd === path.length;
  }
}

export interface ForwardVerdict {
  readonly kind: 'forward';
  readonly route: CompiledRoute;
  readonly destination: CompiledDestination;
}

/** The routes of one host, in the order in which they are tried. */
export interface RouteTable {
  readonly routes: readonly CompiledRoute[];
  /**
   * Ports for which there is a route, if all of them ask for one; null otherwise. A call to another port is none of the
   * VirtualService's business and goes to `fallback` (Istio ignores the VirtualService for that port). So it is with every port where
   * a VirtualService has rules for connections and none for HTTP.
   */
  readonly ports: ReadonlySet<number> | null;
  readonly fallback: CompiledRoute | null;
}

/**
 * @param fallback for ports of which no route speaks; absent: they have no route
 * @throws Error on a pattern that is not RE2, RangeError on a broken header value; the message names the route
 */
export function compileRouteTable(routes: readonly EffectiveRoute[], fallback?: EffectiveRoute): RouteTable {
  const compiled = routes.map((route) => {
    try {
      return new CompiledRoute(route);
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      const name = route.name === null ? '' : ` (${route.name})`;
      throw new RangeError(`http[${route.index}]${name}: ${because}`, { cause: error });
    }
  });
  const ports = new Set<number>();
  let allPorts = false;
  for (const route of routes) {
    if (route.match?.port === undefined) allPorts = true;
    else ports.add(route.match.port);
  }
  return {
    routes: compiled,
    ports: allPorts ? null : ports,
    fallback: fallback === undefined ? null : new CompiledRoute(fallback),
  };
}
