/** The words of `explain outbound` behind the route: where the call goes and what happens on the way. */
import type { FaultVerdict } from '../traffic/fault/decide.js';
import type { HeaderSteps } from '../traffic/headers/decide.js';
import { HeaderFormat } from '../traffic/headers/format.js';
import type { HeaderOperations } from '../traffic/headers/policy.js';
import type { CompiledDestination, CompiledRoute } from '../traffic/route/index.js';
import type { HostTable } from './host-table.js';

export function outboundSteps(facts: {
  readonly route: CompiledRoute;
  /** null: it takes a draw, and none was given. */
  readonly destination: CompiledDestination | null;
  readonly hosts: HostTable;
  readonly port: number;
  readonly fault: FaultVerdict | null;
}): string[] {
  const { route, destination, fault } = facts;
  const steps: string[] = [];
  if (fault?.delayMs) steps.push(`fault: delayed by ${fault.delayMs} ms (flag DI)`);
  if (fault?.abortStatus) steps.push(`fault: aborted with ${fault.abortStatus} (flag FI)`);
  if (fault?.grpcStatus) steps.push(`fault: aborted with gRPC status ${fault.grpcStatus} (flag FI)`);
  if (destination === null) steps.push('which cluster takes the call is drawn by weight');
  else steps.push(...clusterSteps(destination, facts.hosts));
  if (route.timeoutMs !== null)
    steps.push(`the whole call ends after ${route.timeoutMs} ms, retries included`);
  const { retries } = route;
  if (retries !== null) {
    const codes = retries.statusCodes.length === 0 ? '' : ` (${retries.statusCodes.join(', ')})`;
    const whose = retries.explicit ? '' : ', the default';
    steps.push(`up to ${retries.attempts} retries on ${retries.on.join(', ')}${codes}${whose}`);
  }
  return steps;
}

function clusterSteps(destination: CompiledDestination, hosts: HostTable): string[] {
  const target = hosts.hosts.find(({ host }) => host === destination.host);
  const cluster = target?.clusters.get(destination.cluster);
  if (cluster !== undefined)
    return [`the call goes to ${cluster.name}, ${cluster.balancer.kind}, TLS ${cluster.tls.mode}`];
  const why =
    target === undefined || target.effective.ports.length === 0
      ? 'no service of that name is in these files'
      : !target.effective.ports.some(({ number }) => number === destination.port)
        ? `the service has no port ${destination.port}`
        : `the DestinationRule that applies has no subset '${destination.subset}'`;
  return [`the call goes to ${destination.cluster}, which does not exist here (${why}): 503, flag NC`];
}

/** What remains of a list of steps, as one set of operations: a later one wins. */
export function summariseHeaders(steps: HeaderSteps): Required<HeaderOperations> {
  const set: Record<string, string> = {};
  const add: Record<string, string> = {};
  const remove: string[] = [];
  for (const { kind, name, value } of steps) {
    const text = value instanceof HeaderFormat ? value.source : value;
    if (kind === 'remove') remove.push(name);
    else if (kind === 'set') {
      set[name] = text;
      delete add[name];
    } else add[name] = text;
  }
  return { set, add, remove };
}
