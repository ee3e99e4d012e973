/** `explain outbound` for a request: the route that takes it, and what happens on the way. */
import { copyFields } from '../base/headers.js';
import { decideFault } from '../traffic/fault/decide.js';
import {
  type CompiledRoute,
  decideCors,
  decideRoute,
  describeMismatch,
  type RequestFacts,
  type RouteTrace,
  rewriteRequest,
} from '../traffic/route/index.js';
import type { CompiledHost } from './compile.js';
import {
  clustersOf,
  type ExplainedRequest,
  emptyAnswer,
  fixedRandom,
  requestOf,
  routeParts,
} from './explain-outbound-answer.js';
import { changeSteps, corsSteps, headerSteps } from './explain-outbound-changes.js';
import { type Known, outboundSteps, summariseHeaders } from './explain-steps.js';
import { splitAuthority } from './host-table.js';
import type { OutboundCallFacts, OutboundExplanation } from './outbound-question.js';

/** `ns/name` of the VirtualServices that have rules of this kind for this caller, the first that is asked first. */
export function speakersFor(host: CompiledHost, protocol: OutboundCallFacts['protocol']): string[] {
  const rules = protocol === 'http' ? host.effective.routes : (host.effective[protocol] ?? []);
  const own = rules.filter(({ index }) => index >= 0);
  return [...new Set(own.flatMap(({ virtualService }) => virtualService ?? host.virtualService ?? []))];
}

export function explainRequest(
  host: CompiledHost,
  request: OutboundCallFacts & ExplainedRequest,
  known: Known,
  steps: string[],
): OutboundExplanation {
  const { port } = splitAuthority(request.authority, request.scheme);
  const facts: RequestFacts = { ...request, port, claims: request.claims ?? null };
  const drawn = request.random;
  const verdict = decideRoute(host.table, facts, fixedRandom(drawn ?? 0), traceInto(steps, host, facts));
  const speaking = speakersFor(host, 'http')[0] ?? null;
  const base = emptyAnswer(request, speaking, steps);
  if (verdict.kind === 'noRoute') {
    steps.push('no rule matches: 404, flag NR. Inside a VirtualService there is no default route');
    return { ...base, outcome: 'noRoute' };
  }
  const { route } = verdict;
  const virtualService = route.index < 0 ? speaking : ruleOf(route.effective, host);
  const common = { ...base, virtualService, ...routeParts(route, port) };
  const crossOrigin = route.cors === null ? null : decideCors(route.cors, request.method, request.headers);
  if (crossOrigin?.kind === 'preflight') {
    steps.push(...corsSteps(route, request.method, request.headers));
    const set = Object.fromEntries(
      Object.entries(crossOrigin.headers).map(([name, value]) => [name, String(value)]),
    );
    return {
      ...common,
      outcome: 'directResponse',
      directResponse: { status: 200, body: '' },
      responseHeaders: { ...common.responseHeaders, set: { ...set, ...common.responseHeaders.set } },
    };
  }
  if (verdict.kind === 'redirect') {
    const { status, location } = verdict;
    steps.push(`redirected with ${status} to ${location}`);
    return { ...common, outcome: 'redirect', redirect: { status, location } };
  }
  if (verdict.kind === 'directResponse') {
    const { status, body } = verdict;
    steps.push(`answered with ${status} by the mesh itself`);
    return { ...common, outcome: 'directResponse', directResponse: { status, body } };
  }
  // Without a draw only what is certain happens: nothing below 100 percent fires, and several clusters stay several.
  const fault = route.fault === null ? null : decideFault(route.fault, fixedRandom(drawn ?? CERTAIN_ONLY));
  const decided = drawn !== undefined || route.destinations.length === 1;
  const { destination } = verdict;
  const wire = { ...requestOf(request), headers: copyFields(request.headers) };
  const rewritten = decided ? rewriteRequest(route, destination, wire) : wire;
  const picked = decided ? destination.cluster : null;
  const clusters = clustersOf(route, port);
  steps.push(...corsSteps(route, request.method, request.headers));
  steps.push(...outboundSteps({ route, clusters, picked, port, fault, draw: drawn ?? null }, known));
  if (decided)
    steps.push(
      ...changeSteps(request, rewritten),
      ...headerSteps('request', destination.requestHeaders),
      ...headerSteps('response', destination.responseHeaders),
    );
  const aborted = fault !== null && (fault.abortStatus !== null || fault.grpcStatus !== null);
  return {
    ...common,
    outcome: aborted ? 'abort' : 'route',
    clusters,
    picked,
    request: requestOf(rewritten),
    responseHeaders: summariseHeaders(decided ? destination.responseHeaders : route.responseHeaders),
    fault,
  };
}

/** The highest draw that there is. */
const CERTAIN_ONLY = 1 - Number.EPSILON;

function traceInto(steps: string[], host: CompiledHost, request: RequestFacts): RouteTrace {
  return {
    skipped: (route, failed) => {
      if (route.index >= 0)
        steps.push(`${label(route, host)} did not match: ${describeMismatch(failed, request)}`);
    },
    matched: (route) => steps.push(route.index >= 0 ? `${label(route, host)} matches` : withoutRule(route)),
  };
}

function withoutRule({ effective }: CompiledRoute): string {
  return effective.action.kind === 'redirect'
    ? 'the gateway sends calls over HTTP to HTTPS before any rule is asked'
    : 'the call goes to the service itself';
}

function ruleOf({ virtualService }: CompiledRoute['effective'], host: CompiledHost): string | null {
  return virtualService ?? host.virtualService;
}

/** `rule 2 of default/reviews (http[1], jason)`: people count from one, paths from zero. */
function label({ index, name, effective }: CompiledRoute, host: CompiledHost): string {
  const called = name === null ? '' : `, ${name}`;
  const from = effective.delegate === undefined ? '' : `, from its delegate ${effective.delegate}`;
  return `rule ${index + 1} of ${ruleOf(effective, host)} (http[${index}]${called}${from})`;
}
