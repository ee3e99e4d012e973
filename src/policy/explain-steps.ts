/** The words of `explain outbound` about the route that was taken: where the call goes and what happens on the way. */
import type { FaultVerdict } from '../traffic/fault/decide.js';
import type { FaultPolicy } from '../traffic/fault/policy.js';
import type { HeaderSteps } from '../traffic/headers/decide.js';
import { HeaderFormat } from '../traffic/headers/format.js';
import type { HeaderOperations } from '../traffic/headers/policy.js';
import { mirrorCluster } from '../traffic/mirror/decide.js';
import type { CompiledRoute } from '../traffic/route/index.js';
import type { EffectiveCluster, EffectiveEndpoints, EffectiveMesh } from './effective.js';
import type { HostTable } from './host-table.js';
import type { ExplainedCluster } from './outbound-question.js';
import { clusterSteps } from './resilience-steps.js';

/** What a destination is looked up in. */
export interface Known {
  /** What holds for this caller beside the hosts. */
  readonly mesh: EffectiveMesh;
  readonly hosts: HostTable;
  readonly endpoints: readonly EffectiveEndpoints[];
}

export interface TakenRoute {
  readonly route: CompiledRoute;
  readonly clusters: readonly ExplainedCluster[];
  /** Name of the cluster; null: it takes a draw, and none was given. */
  readonly picked: string | null;
  readonly port: number;
  readonly fault: FaultVerdict | null;
  /** null: none was given. */
  readonly draw: number | null;
}

export function outboundSteps(taken: TakenRoute, known: Known): string[] {
  const { route, fault } = taken;
  const steps = faultSteps(route.fault, fault, taken.draw);
  if (fault !== null && (fault.abortStatus !== null || fault.grpcStatus !== null)) return steps;
  steps.push(...destinationSteps(taken.clusters, taken.picked, taken.draw, known));
  for (const mirror of route.mirrors ?? [])
    steps.push(
      `${mirror.percentage} % of the calls are copied to ${mirrorCluster(mirror, taken.port)}; nobody waits for the copies`,
    );
  steps.push(
    route.timeoutMs === null
      ? 'the route sets no timeout'
      : `the whole call ends after ${route.timeoutMs} ms, retries included`,
  );
  steps.push(retryStep(route), ...clusterSteps(chosenCluster(taken, known)));
  return steps;
}

function chosenCluster({ clusters, picked }: TakenRoute, { hosts }: Known): EffectiveCluster | undefined {
  const chosen = clusters.find(({ name }) => name === picked);
  return hosts.hosts.find(({ host }) => host === chosen?.host)?.clusters.get(chosen!.name);
}

function faultSteps(policy: FaultPolicy | null, fault: FaultVerdict | null, draw: number | null): string[] {
  if (policy === null) return [];
  const steps: string[] = [];
  const by = draw === null ? 'without a draw only what is certain happens' : `drawn ${draw}`;
  const { delay, abort } = policy;
  if (delay !== undefined) {
    const fired = fault !== null && fault.delayMs !== null;
    const what = `${delay.percent} % of the calls are delayed by ${delay.fixedDelayMs} ms`;
    steps.push(`fault: ${what} (${by}): this one is${fired ? '' : ' not'}${fired ? ' (flag DI)' : ''}`);
  }
  if (abort !== undefined) {
    const fired = fault !== null && (fault.abortStatus !== null || fault.grpcStatus !== null);
    const status =
      abort.httpStatus ?? (abort.grpcStatus === undefined ? null : `gRPC status ${abort.grpcStatus}`);
    if (status === null) steps.push('fault: the abort names no status and does nothing');
    else {
      const what = `${abort.percent} % of the calls are aborted with ${status}`;
      steps.push(`fault: ${what} (${by}): this one is${fired ? '' : ' not'}${fired ? ' (flag FI)' : ''}`);
    }
  }
  return steps;
}

/** Weights and draw, and whether the cluster is there. */
export function destinationSteps(
  clusters: readonly ExplainedCluster[],
  picked: string | null,
  draw: number | null,
  known: Known,
): string[] {
  const steps: string[] = [];
  if (clusters.length > 1) {
    const shares = clusters.map(({ name, weight }) => `${Number((weight * 100).toFixed(2))} % ${name}`);
    steps.push(
      draw === null
        ? `which cluster takes the call is drawn by weight: ${shares.join(', ')}`
        : `drawn ${draw} by weight: ${shares.join(', ')}`,
    );
  }
  const chosen = clusters.find(({ name }) => name === picked);
  for (const cluster of chosen === undefined ? clusters : [chosen])
    steps.push(clusterStep(cluster, chosen !== undefined, known));
  return steps;
}

function clusterStep(cluster: ExplainedCluster, goes: boolean, { hosts, endpoints }: Known): string {
  const target = hosts.hosts.find(({ host }) => host === cluster.host);
  const found = target?.clusters.get(cluster.name);
  const subject = goes ? `the call goes to ${cluster.name}` : cluster.name;
  if (found === undefined) {
    const which = goes ? `${subject}, which does not exist here` : `${subject} does not exist here`;
    return `${which} (${missing(cluster, hosts)}): 503, flag NC`;
  }
  const details = `${subject}${goes ? ',' : ':'} ${found.balancer.kind}, TLS ${found.tls.mode}`;
  const listed = endpoints.find(({ host }) => host === cluster.host)?.ports[String(cluster.port)];
  if (listed === undefined || listed.length === 0) return details;
  const wanted = Object.entries(found.labels);
  const fitting = listed.filter(({ labels }) => wanted.every(([key, value]) => labels[key] === value));
  if (fitting.length > 0) return `${details}, ${fitting.length} of ${listed.length} endpoints in these files`;
  const labels = wanted.map(([key, value]) => `${key}=${value}`).join(', ');
  return `${details}, but none of the ${listed.length} endpoints in these files has ${labels}: 503, flag UH`;
}

function missing({ host, port, subset }: ExplainedCluster, hosts: HostTable): string {
  const target = hosts.hosts.find((candidate) => candidate.host === host);
  if (target === undefined || target.effective.ports.length === 0) {
    const near = hosts.nearestHosts(host).filter((name) => name !== host);
    const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`;
    return `no service of that name is in these files${hint}`;
  }
  const { ports } = target.effective;
  if (!ports.some(({ number }) => number === port))
    return `the service has no port ${port}, only ${ports.map(({ number }) => number).join(', ')}`;
  const subsets = new Set([...target.clusters.values()].map((cluster) => cluster.subset));
  subsets.delete('');
  return subsets.size === 0
    ? `no DestinationRule names subsets of it, so there is no subset '${subset}'`
    : `the DestinationRule that applies has no subset '${subset}', only ${[...subsets].join(', ')}`;
}

function retryStep({ retries }: CompiledRoute): string {
  if (retries === null) return 'nothing is retried';
  const codes = retries.statusCodes.length === 0 ? '' : ` (${retries.statusCodes.join(', ')})`;
  const each =
    retries.perTryTimeoutMs === null ? '' : `, each attempt ends after ${retries.perTryTimeoutMs} ms`;
  const whose = retries.explicit ? '' : ', the default';
  return `up to ${retries.attempts} retries on ${retries.on.join(', ')}${codes}${each}${whose}`;
}

/** What remains of a list of steps, as one set of operations: a later one wins, and what is added twice is a list (RFC 9110 §5.3). */
export function summariseHeaders(steps: HeaderSteps): Required<HeaderOperations> {
  const set: Record<string, string> = {};
  const add: Record<string, string> = {};
  const remove: string[] = [];
  for (const { kind, name, value } of steps) {
    const text = value instanceof HeaderFormat ? value.source : value;
    if (kind === 'remove') {
      remove.push(name);
      delete set[name];
      delete add[name];
    } else if (kind === 'set') {
      set[name] = text;
      delete add[name];
    } else add[name] = Object.hasOwn(add, name) ? `${add[name]}, ${text}` : text;
  }
  return { set, add, remove };
}
