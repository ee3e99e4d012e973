/**
 * One connection out that is not HTTP as we see it. The same parts as a call, in the same order: the snapshot, the route, the
 * cluster, the deadline, an endpoint, the filters; but one attempt, and what was taken is given back when the connection is closed.
 * @source Envoy `tcp_proxy`, whose `max_connect_attempts` is 1 in Istio; spec traffic.md §3, §4.5, §4.6
 */
import { emptyFields } from '../base/headers.js';
import type { Random } from '../base/random.js';
import { clusterName } from '../model/cluster.js';
import type { Outcome, Rejected, Responded } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import { givenUp } from '../model/waiting.js';
import { type ConnectionFacts, decideConnection, parseIp } from '../traffic/tcp-route/index.js';
import { NO_ENDPOINT, newAttempt, type OutboundAttempt } from './attempt.js';
import type { OutboundSnapshot } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';
import { type Outbound, startDeadline, unready } from './call.js';
import { admit, settle } from './order.js';
import type { OutboundCall } from './outbound-call.js';
import { NO_CLUSTER, NO_ROUTE, type Plan, planUnknown, refuse } from './plan.js';

/** What a connection is asked for by. */
export interface ConnectionTarget {
  /** Name or address of the service. */
  readonly host: string;
  readonly port: number;
  /** Given: the caller speaks TLS of its own over the connection, and asks for this name; empty for none. */
  readonly sni?: string | undefined;
  /** Address that the caller looked up, for rules with `destinationSubnets`. @default the host, if it is an address */
  readonly destinationIp?: string | undefined;
}

export interface OpenedConnection<S> {
  readonly kind: 'opened';
  readonly stream: S;
}

/** What becomes of connecting. */
export type ConnectionEnd<S> = OpenedConnection<S> | Exclude<Outcome, Responded>;

/** Brings about the connection of an attempt. Never rejects; ends when the attempt is cancelled. */
export type OpenConnection<S> = (attempt: OutboundAttempt) => Promise<ConnectionEnd<S>>;

/** A connection to be asked for; to be released when it is closed. */
export function beginConnection(
  outbound: Outbound,
  { host, port }: ConnectionTarget,
  limits: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined },
): OutboundCall {
  return outbound.begin({
    method: 'CONNECT',
    scheme: 'http',
    authority: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    path: '',
    headers: emptyFields(),
    body: null,
    ...limits,
  });
}

/** Never rejects. What is opened is no longer bound by a deadline or a signal, and holds its place until `call.release()`. */
export async function runConnection<S>(
  outbound: Outbound,
  call: OutboundCall,
  target: ConnectionTarget,
  open: OpenConnection<S>,
): Promise<ConnectionEnd<S>> {
  const refused = unready(outbound);
  if (refused !== null) return refused;
  const snapshot = outbound.snapshot!;
  call.revision = snapshot.revision;
  const plan = planConnection(snapshot, call, target, outbound.random);
  call.plan = plan;
  outbound.entered();
  call.onReleased = outbound;
  startDeadline(outbound, call, plan);
  call.watch();
  const outcome = await attempted(outbound, call, plan, open);
  if (outcome.kind !== 'opened') {
    call.release();
    return outcome;
  }
  outbound.deadlines.disarm(call);
  call.unwatch();
  return outcome;
}

/** What is remembered of a connection that came about, in the words of those who count outcomes. */
function connected(): Outcome {
  return { kind: 'response', status: 200, statusText: '', headers: emptyFields(), body: ResponseBody.of('') };
}

async function attempted<S>(
  outbound: Outbound,
  call: OutboundCall,
  { cluster, answer }: Plan,
  open: OpenConnection<S>,
): Promise<ConnectionEnd<S>> {
  if (call.cancelledBy !== undefined) return givenUp(call, 'no');
  if (cluster === null) return answer as Rejected;
  const endpoint = cluster.pick(call);
  if (endpoint === undefined) return NO_ENDPOINT;
  const filters = cluster.connectionFilters;
  const attempt = newAttempt(outbound, call, cluster, 1, endpoint, filters);
  const refusal = admit(filters, attempt);
  const outcome = refusal ?? (await open(attempt));
  settle(filters, attempt, outcome.kind === 'opened' ? connected() : outcome);
  return outcome;
}

/** Matches the rules for connections, and chooses the cluster. */
export function planConnection(
  snapshot: OutboundSnapshot,
  call: OutboundCall,
  target: ConnectionTarget,
  random: Random,
): Plan {
  const { host: name, port, sni } = target;
  const host = snapshot.hosts.lookup(name);
  if (host === undefined) return planUnknown(snapshot, call, name, port);
  call.service = host.host;
  call.port = port;
  const table = sni === undefined ? host.tcp : host.tls;
  let clusterOf = clusterName(port, '', host.host);
  if (table !== null) {
    const verdict = decideConnection(table, factsOf(target), random);
    if (verdict.kind === 'noRoute') return refuse({ ...NO_ROUTE, because: verdict.because });
    call.virtualService = verdict.route.effective.virtualService ?? host.virtualService;
    clusterOf = verdict.destination.cluster;
  }
  call.cluster = clusterOf;
  const cluster = snapshot.clusters.get(clusterOf);
  if (cluster === undefined)
    return refuse({ ...NO_CLUSTER, detail: `${clusterOf}: the host has no such port or subset` });
  return to(snapshot.wildcards.has(clusterOf) ? snapshot.addressed.under(cluster.policy, name) : cluster);
}

function to(cluster: BoundCluster): Plan {
  return { route: null, destination: null, cluster, answer: null, cors: null };
}

function factsOf({ host, port, sni = '', destinationIp }: ConnectionTarget): ConnectionFacts {
  return {
    port,
    sni: sni === '' ? null : sni.toLowerCase(),
    destination: parseIp(destinationIp ?? host),
  };
}
