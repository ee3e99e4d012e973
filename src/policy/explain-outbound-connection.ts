/** `explain outbound` for connections: TLS that is passed on as it is, and TCP. */
import {
  type CompiledConnectionRoute,
  type ConnectionFacts,
  type ConnectionTable,
  decideConnection,
  describeConnectionMismatch,
  parseIp,
} from '../traffic/tcp-route/index.js';
import { type CompiledHost, connectionTable } from './compile.js';
import { type ExplainedRequest, emptyAnswer, fixedRandom, sharesOf } from './explain-outbound-answer.js';
import { destinationSteps, type Known } from './explain-steps.js';
import { splitAuthority } from './host-table.js';
import type { OutboundCallFacts, OutboundExplanation } from './outbound-question.js';

type Kind = 'tls' | 'tcp';

/** The server name that is asked for; null: none. */
export function serverName(call: OutboundCallFacts, host: string): string | null {
  if (call.protocol !== 'tls') return null;
  if (call.sni != null) return call.sni === '' ? null : call.sni.toLowerCase();
  return parseIp(host) === null ? host.toLowerCase() : null;
}

export function explainConnection(
  host: CompiledHost,
  call: OutboundCallFacts & ExplainedRequest,
  known: Known,
  steps: string[],
): OutboundExplanation {
  const kind = call.protocol as Kind;
  const { host: name, port } = splitAuthority(call.authority, kind === 'tls' ? 'https' : call.scheme);
  const table = host[kind] ?? connectionTable(host.effective, kind);
  const facts: ConnectionFacts = {
    port,
    sni: serverName(call, name),
    destination: parseIp(call.destinationIp ?? name),
  };
  const verdict = decideConnection(table, facts, fixedRandom(call.random ?? 0));
  const taken = verdict.kind === 'forward' ? verdict.route : null;
  steps.push(...triedSteps(table, facts, taken, host));
  const rule = taken !== null && taken.index >= 0 ? taken : table.routes[0];
  const base = emptyAnswer(call, rule === undefined ? null : ruleOf(rule.effective, host), steps);
  if (verdict.kind === 'noRoute') {
    steps.push('no rule is for this connection: it is closed, flag NR');
    return { ...base, outcome: 'noRoute' };
  }
  const clusters = sharesOf(verdict.route.destinations.map((destination) => destination.forPort(port)));
  const picked = clusters.length === 1 || call.random !== undefined ? verdict.destination.cluster : null;
  steps.push(...destinationSteps(clusters, picked, call.random ?? null, known));
  return {
    ...base,
    outcome: 'route',
    route: verdict.route.index < 0 ? null : { index: verdict.route.index, name: null },
    clusters,
    picked,
  };
}

function triedSteps(
  table: ConnectionTable,
  facts: ConnectionFacts,
  taken: CompiledConnectionRoute | null,
  host: CompiledHost,
): string[] {
  const { kind } = table;
  const rule = ({ index, effective }: CompiledConnectionRoute) =>
    `rule ${index + 1} of ${ruleOf(effective, host)} (${kind}[${index}])`;
  if (table.routes.length === 0)
    return [`no VirtualService has ${kind} rules for it: the connection goes to the service itself`];
  const steps: string[] = [];
  for (const route of table.routes) {
    if (route === taken) {
      steps.push(`${rule(route)} matches`);
      continue;
    }
    const why = describeConnectionMismatch(route, facts);
    if (why !== null) steps.push(`${rule(route)} did not match: ${why}`);
    else if (taken === null || taken.index < 0)
      steps.push(`${rule(route)} was not asked: another rule is for a smaller subnet`);
    else steps.push(`${rule(route)} would match, but ${rule(taken)} is more specific or stands before it`);
  }
  if (taken !== null && taken.index < 0)
    steps.push('no rule is for this connection: it goes to the service itself');
  return steps;
}

function ruleOf({ virtualService }: CompiledConnectionRoute['effective'], host: CompiledHost): string | null {
  return virtualService ?? host.virtualService;
}
