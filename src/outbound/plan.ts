/** What the snapshot says of one call: the route it takes and the cluster it goes to, or the answer that policy gives itself. */

import { emptyFields, type HeaderFields } from '../base/headers.js';
import type { Random } from '../base/random.js';
import type { Outcome, Rejected } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import { splitAuthority } from '../policy/compile.js';
import {
  type CompiledDestination,
  type CompiledRoute,
  decideCors,
  decideRoute,
  rewriteRequest,
} from '../traffic/route/index.js';
import { PASSTHROUGH } from './addressed.js';
import type { OutboundSnapshot } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';
import type { OutboundCall } from './outbound-call.js';

/** A class, as `Arrived` is one, and for its reason. */
export class Plan {
  readonly route: CompiledRoute | null;
  readonly destination: CompiledDestination | null;
  /** null if there is nothing to send to. */
  readonly cluster: BoundCluster | null;
  /** A refusal, a redirect or a direct response: given in the cluster's stead, after the call's filters had their say. */
  readonly answer: Outcome | null;
  /** What a browser wants to see on the response; null for nothing. */
  readonly cors: HeaderFields | null;

  constructor(
    route: CompiledRoute | null,
    destination: CompiledDestination | null,
    cluster: BoundCluster | null,
    answer: Outcome | null,
    cors: HeaderFields | null,
  ) {
    this.route = route;
    this.destination = destination;
    this.cluster = cluster;
    this.answer = answer;
    this.cors = cors;
  }
}

/** Matches the route, chooses the cluster, and rewrites the call accordingly. */
export function planCall(snapshot: OutboundSnapshot, call: OutboundCall, random: Random): Plan {
  const { authority, scheme } = call;
  // Most callers name no port: nothing has to be taken apart.
  const bare = !authority.includes(':');
  const { host: name, port } = bare
    ? { host: authority, port: scheme === 'https' ? 443 : 80 }
    : splitAuthority(authority, scheme);
  const host = snapshot.hosts.lookup(name);
  if (host === undefined) return planUnknown(snapshot, call, name, port);
  call.service = host.host;
  call.virtualService = host.virtualService;
  call.port = port;
  const verdict = decideRoute(host.table, call, random);
  if (verdict.kind === 'noRoute') return refuse({ ...NO_ROUTE, because: verdict.because });
  const { route } = verdict;
  call.virtualService = route.effective.virtualService ?? host.virtualService;
  call.routeName = route.name ?? '';
  const crossOrigin = route.cors === null ? null : decideCors(route.cors, call.method, call.headers);
  if (crossOrigin?.kind === 'preflight') return answered(route, local(200, '', crossOrigin.headers));
  const cors = crossOrigin?.headers ?? null;
  if (verdict.kind === 'redirect') {
    return answered(route, local(verdict.status, '', { location: verdict.location }), cors);
  }
  if (verdict.kind === 'directResponse') return answered(route, local(verdict.status, verdict.body), cors);
  const { destination } = verdict;
  call.cluster = destination.cluster;
  const cluster = snapshot.clusters.get(destination.cluster);
  if (cluster === undefined) {
    const detail = `${destination.cluster}: the host has no such port or subset`;
    return answered(route, { ...NO_CLUSTER, detail });
  }
  rewriteRequest(route, destination, call);
  const named = snapshot.wildcards.has(destination.cluster)
    ? snapshot.addressed.under(cluster.policy, name)
    : cluster;
  return new Plan(route, destination, named, null, cors);
}

export const NO_ROUTE: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_NO_ROUTE',
  flag: 'NR',
  status: 404,
  because: 'no-route',
};
export const NO_CLUSTER: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_NO_CLUSTER',
  flag: 'NC',
  status: 503,
  because: 'no-cluster',
};

/** Nothing to send to. */
export function refuse(answer: Rejected): Plan {
  return new Plan(null, null, null, answer, null);
}

/** Policy answers itself. */
function answered(route: CompiledRoute, answer: Outcome, cors: HeaderFields | null = null): Plan {
  return new Plan(route, null, null, answer, cors);
}

/** For a host that policy does not know. */
export function planUnknown(
  snapshot: OutboundSnapshot,
  call: OutboundCall,
  name: string,
  port: number,
): Plan {
  const open = snapshot.mesh.outboundTrafficPolicy === 'ALLOW_ANY';
  if (!open || name === '') return refuse(unknownHost(snapshot, name));
  call.service = name;
  const proxy = snapshot.mesh.egressProxy;
  if (proxy !== undefined) return through(snapshot, call, proxy.cluster);
  call.cluster = PASSTHROUGH;
  call.routeName = 'allow_any';
  const cluster = snapshot.addressed.unknown(name, port, call.scheme);
  return new Plan(null, null, cluster, null, null);
}

/** By the egress proxy of the workload's Sidecar. @source Istio `Sidecar.outboundTrafficPolicy.egressProxy` */
function through(snapshot: OutboundSnapshot, call: OutboundCall, name: string): Plan {
  call.cluster = name;
  call.routeName = 'allow_any';
  const cluster = snapshot.clusters.get(name);
  if (cluster === undefined)
    return refuse({ ...NO_CLUSTER, detail: `${name}: the egress proxy's host has no such port or subset` });
  return new Plan(null, null, cluster, null, null);
}

function unknownHost(snapshot: OutboundSnapshot, name: string): Rejected {
  const near = snapshot.hosts.nearestHosts(name);
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
  return { ...NO_ROUTE, because: 'unknown-host', detail: `policy knows no host ${name}${hint}` };
}

/** A response that the mesh makes itself. */
function local(status: number, body: string, fields: HeaderFields = {}): Outcome {
  const headers = Object.assign(emptyFields(), fields);
  headers['content-length'] = String(new TextEncoder().encode(body).byteLength);
  if (body !== '') headers['content-type'] = 'text/plain';
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of(body), local: 'policy' };
}
