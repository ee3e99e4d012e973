/**
 * `heddle explain outbound`: what would become of one call, and why. Runs the functions that decide real calls.
 */
import { z } from 'zod';
import { MeshError } from '../base/errors.js';
import { copyFields, emptyFields, type HeaderFields } from '../base/headers.js';
import type { Random } from '../base/random.js';
import { decideFault } from '../traffic/fault/decide.js';
import { mirrorCluster } from '../traffic/mirror/decide.js';
import {
  type CompiledDestination,
  type CompiledRoute,
  decideRoute,
  type RequestFacts,
  type RouteTrace,
  rewriteRequest,
} from '../traffic/route/index.js';
import { type CompiledHost, compileHost } from './compile.js';
import type { EffectiveMesh } from './effective.js';
import { outboundSteps, summariseHeaders } from './explain-steps.js';
import { buildHostTable, type HostTable, splitAuthority } from './host-table.js';
import {
  callSchema,
  type ExplainedCluster,
  type OutboundCallFacts,
  type OutboundExplanation,
  type OutboundQuestion,
} from './outbound-question.js';
import { parseResources } from './parse.js';
import { resolve } from './resolve/index.js';
import { fullGateway } from './resolve/names.js';
import type { Message, PolicyFile, Resource, Scope } from './resource.js';
import { validateResource } from './validate.js';

export interface ExplainOutboundOptions {
  /** @default trust domain `cluster.local`, `REGISTRY_ONLY` */
  readonly mesh?: Partial<EffectiveMesh>;
}

/**
 * Resources that are not valid are left out, as they are when policy is put in force; the steps name them.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a call of the wrong shape, `HEDDLE_INVALID_POLICY` if a file is not YAML
 */
export function explainOutbound(
  files: readonly PolicyFile[],
  call: OutboundQuestion,
  options: ExplainOutboundOptions = {},
): OutboundExplanation {
  const question = callSchema.safeParse(call);
  if (!question.success)
    throw new MeshError(`not a call: ${z.prettifyError(question.error)}`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  const steps: string[] = [];
  const mesh: EffectiveMesh = {
    trustDomain: 'cluster.local',
    outboundTrafficPolicy: 'REGISTRY_ONLY',
    ...options.mesh,
  };
  const policy = resolve(validResources(files, steps), [], [], scopeOf(question.data), { revision: 0, mesh });
  const hosts = buildHostTable(policy.hosts.map(compileHost));
  return explainIn(hosts, question.data, mesh, steps);
}

function scopeOf({ source }: OutboundCallFacts): Scope {
  const { namespace, labels, service } = source;
  const gateway = fullGateway(source.gateway ?? 'mesh', namespace);
  return { namespace, labels, service, ...(gateway !== 'mesh' && { gateway }) };
}

function validResources(files: readonly PolicyFile[], steps: string[]): Resource[] {
  const parsed = parseResources(files);
  const broken = parsed.messages.find(({ code }) => code === 'HDL0001');
  if (broken !== undefined)
    throw new MeshError(`policy is not valid: ${place(broken)}: ${broken.message}`, {
      code: 'HEDDLE_INVALID_POLICY',
    });
  const leaveOut = (errors: readonly Message[]) => {
    for (const error of errors) steps.push(`left out: ${place(error)}: ${error.message}`);
  };
  leaveOut(parsed.messages.filter(({ level }) => level === 'error'));
  const valid: Resource[] = [];
  for (const one of parsed.resources) {
    const errors = validateResource(one).filter(({ level }) => level === 'error');
    leaveOut(errors);
    if (errors.length === 0) valid.push(one.resource);
  }
  return valid;
}

function place({ file, line, kind, namespace, name, path }: Message): string {
  return `${file}:${line} ${kind === '' ? '' : `${kind} ${namespace}/${name} `}${path}`.trimEnd();
}

function explainIn(
  hosts: HostTable,
  call: OutboundCallFacts,
  mesh: EffectiveMesh,
  steps: string[],
): OutboundExplanation {
  const request = { ...call, headers: lowerNames(call.headers) };
  const { host: name, port } = splitAuthority(call.authority, call.scheme);
  const host = hosts.lookup(name);
  if (host === undefined) {
    if ((call.source.gateway ?? 'mesh') === 'mesh') return unknownHost(hosts, name, request, mesh, steps);
    steps.push(`no VirtualService of gateway ${call.source.gateway} names ${name}: 404, flag NR`);
    return { ...answer(request, null, steps), outcome: 'noRoute' };
  }
  steps.push(`${name} is the host ${host.host}`);
  steps.push(
    host.virtualService === null
      ? 'no VirtualService speaks for it to this caller'
      : `VirtualService ${host.virtualService} speaks for it`,
  );
  const facts: RequestFacts = { ...request, port };
  const drawn = call.random;
  const verdict = decideRoute(host.table, facts, fixed(drawn ?? 0), traceInto(steps));
  const base = answer(request, host, steps);
  if (verdict.kind === 'noRoute') {
    steps.push('no route matches: 404, flag NR. Inside a VirtualService there is no default route');
    return { ...base, outcome: 'noRoute' };
  }
  const { route } = verdict;
  const common = { ...base, ...routeParts(route, port, host) };
  if (verdict.kind === 'redirect') {
    steps.push(`redirected with ${verdict.status} to ${verdict.location}`);
    return {
      ...common,
      outcome: 'redirect',
      redirect: { status: verdict.status, location: verdict.location },
    };
  }
  if (verdict.kind === 'directResponse') {
    steps.push(`answered with ${verdict.status} by the mesh itself`);
    return {
      ...common,
      outcome: 'directResponse',
      directResponse: { status: verdict.status, body: verdict.body },
    };
  }
  // Without a draw only what is certain happens: nothing below 100 percent fires, and several clusters stay several.
  const fault = route.fault === null ? null : decideFault(route.fault, fixed(drawn ?? CERTAIN_ONLY));
  const decided = drawn !== undefined || route.destinations.length === 1;
  const { destination } = verdict;
  const rewritten = decided ? rewriteRequest(route, destination, request) : request;
  steps.push(...outboundSteps({ route, destination: decided ? destination : null, hosts, port, fault }));
  const aborted = fault !== null && (fault.abortStatus !== null || fault.grpcStatus !== null);
  return {
    ...common,
    outcome: aborted ? 'abort' : 'route',
    clusters: clustersOf(route, port),
    picked: decided ? destination.cluster : null,
    request: requestOf(rewritten),
    responseHeaders: summariseHeaders(decided ? destination.responseHeaders : route.responseHeaders),
    fault,
  };
}

/** The highest draw that there is. */
const CERTAIN_ONLY = 1 - Number.EPSILON;

function fixed(value: number): Random {
  return { next: () => value };
}

function traceInto(steps: string[]): RouteTrace {
  return {
    skipped: (route, failed) =>
      steps.push(`${label(route)} is not for this call: ${failed.describe()} does not hold`),
    matched: (route) => steps.push(`${label(route)} matches`),
  };
}

function label({ index, name }: CompiledRoute): string {
  if (index < 0) return 'the default route';
  return `http[${index}]${name === null ? '' : ` (${name})`}`;
}

/** What is the same for every outcome, and empty values for the rest. */
function answer(
  request: Parameters<typeof requestOf>[0],
  host: CompiledHost | null,
  steps: readonly string[],
): OutboundExplanation {
  return {
    outcome: 'blocked',
    virtualService: host?.virtualService ?? null,
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

function routeParts(route: CompiledRoute, port: number, host: CompiledHost): Partial<OutboundExplanation> {
  const { retries } = route;
  return {
    route: host.virtualService === null || route.index < 0 ? null : { index: route.index, name: route.name },
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

function clustersOf(route: CompiledRoute, port: number): ExplainedCluster[] {
  const action = route.effective.action;
  if (action.kind !== 'forward') return [];
  return route.destinations.map((destination, index) => {
    const settled: CompiledDestination = destination.forPort(route, action.destinations[index]!, port);
    const weight = route.destinations.length === 1 ? 1 : settled.weight / route.totalWeight;
    return {
      name: settled.cluster,
      host: settled.host,
      subset: settled.subset,
      port: settled.port,
      weight,
    };
  });
}

function unknownHost(
  hosts: HostTable,
  name: string,
  request: Parameters<typeof requestOf>[0],
  mesh: EffectiveMesh,
  steps: string[],
): OutboundExplanation {
  const near = hosts.nearestHosts(name);
  steps.push(
    `policy knows no host ${name}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`,
  );
  if (mesh.outboundTrafficPolicy === 'REGISTRY_ONLY') {
    steps.push('calls to unknown hosts are blocked (REGISTRY_ONLY)');
    return answer(request, null, steps);
  }
  steps.push('calls to unknown hosts go where they say (ALLOW_ANY), without retries or timeout');
  const cluster = { name: 'PassthroughCluster', host: name, subset: '', port: 0, weight: 1 };
  const { port } = splitAuthority(request.authority, request.scheme);
  return {
    ...answer(request, null, steps),
    outcome: 'route',
    clusters: [{ ...cluster, port }],
    picked: cluster.name,
  };
}

function requestOf(from: {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
}): OutboundExplanation['request'] {
  const { method, scheme, authority, path, headers } = from;
  return { method, scheme, authority, path, headers: { ...copyFields(headers) } };
}

/** Without a prototype, as on the path of calls: a header called `constructor` is only a header. */
function lowerNames(headers: HeaderFields): HeaderFields {
  const fields = emptyFields();
  for (const [name, value] of Object.entries(headers)) fields[name.toLowerCase()] = value;
  return fields;
}
