/**
 * `heddle explain outbound`: what would become of one call, and why. Runs the functions that decide real calls.
 */
import { z } from 'zod';
import { MeshError } from '../base/errors.js';
import { emptyFields, type HeaderFields } from '../base/headers.js';
import { parseClusterName } from '../model/cluster.js';
import { compileHost } from './compile.js';
import type { EffectiveMesh } from './effective.js';
import { type ExplainedRequest, emptyAnswer } from './explain-outbound-answer.js';
import { explainConnection, serverName } from './explain-outbound-connection.js';
import { explainRequest, speakersFor } from './explain-outbound-request.js';
import { whySilent } from './explain-outbound-why.js';
import type { Known } from './explain-steps.js';
import { buildHostTable, splitAuthority } from './host-table.js';
import {
  callSchema,
  type ExplainedCluster,
  type OutboundCallFacts,
  type OutboundExplanation,
  type OutboundQuestion,
} from './outbound-question.js';
import { parseResources } from './parse.js';
import { hostSteps } from './resilience-steps.js';
import { resolve } from './resolve/index.js';
import { fullGateway, fullName } from './resolve/names.js';
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
  const question = readCall(call);
  const steps: string[] = [];
  return new OutboundExplainer(validResources(files, steps), options).explain(question, steps);
}

/** Explains many calls under one policy: it is read once, and resolved once for each caller. */
export class OutboundExplainer {
  readonly #resources: readonly Resource[];
  readonly #mesh: EffectiveMesh;
  readonly #known = new Map<string, Known>();

  /** @param resources that were found valid */
  constructor(resources: readonly Resource[], options: ExplainOutboundOptions = {}) {
    this.#resources = resources;
    this.#mesh = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY', ...options.mesh };
  }

  /**
   * @param steps that came before
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a call of the wrong shape
   */
  explain(call: OutboundQuestion, steps: string[] = []): OutboundExplanation {
    const question = readCall(call);
    const scope = scopeOf(question);
    const key = JSON.stringify(scope);
    const known = this.#known.get(key) ?? this.#resolve(scope);
    this.#known.set(key, known);
    return explainIn({ known, resources: this.#resources, scope, steps }, question);
  }

  #resolve(scope: Scope): Known {
    const options = { revision: 0, mesh: this.#mesh };
    const { hosts, endpoints, mesh } = resolve(this.#resources, [], [], scope, options);
    return { hosts: buildHostTable(hosts.map(compileHost)), endpoints, mesh };
  }
}

function readCall(call: OutboundQuestion): OutboundCallFacts {
  const question = callSchema.safeParse(call);
  if (question.success) return question.data;
  throw new MeshError(`not a call: ${z.prettifyError(question.error)}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
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

/** What one explanation is made from. */
interface Explaining {
  readonly known: Known;
  readonly resources: readonly Resource[];
  readonly scope: Scope;
  /** Grows as the explanation goes on. */
  readonly steps: string[];
}

function explainIn(explaining: Explaining, call: OutboundCallFacts): OutboundExplanation {
  const { known, resources, scope, steps } = explaining;
  const request = { ...call, headers: lowerNames(call.headers) };
  const { host: name } = splitAuthority(call.authority, call.scheme);
  const asked = serverName(call, name);
  // Who dials an address is known by the name that it asks for.
  const host = known.hosts.lookup(name) ?? (asked === null ? undefined : known.hosts.lookup(asked));
  if (host === undefined) return unknownHost(explaining, name, request);
  if (name !== host.host) steps.push(`${name} is the host ${host.host}`);
  const speaking = speakersFor(host, call.protocol);
  steps.push(
    speaking.length === 0
      ? `no VirtualService speaks for ${host.host} to this caller`
      : `VirtualService ${speaking.join(', then ')} speaks for ${host.host}`,
    ...whySilent(resources, scope, {
      host: host.host,
      speaking,
      protocol: call.protocol,
    }),
  );
  if (call.protocol === 'http') steps.push(...hostSteps(host.effective));
  return call.protocol === 'http'
    ? explainRequest(host, request, known, steps)
    : explainConnection(host, request, known, steps);
}

function unknownHost(
  { known, scope, steps, resources }: Explaining,
  name: string,
  request: OutboundCallFacts & ExplainedRequest,
): OutboundExplanation {
  const base = emptyAnswer(request, null, steps);
  const { hosts, mesh } = known;
  if (scope.gateway !== undefined) {
    steps.push(
      `no VirtualService of gateway ${scope.gateway} names ${name}: 404, flag NR`,
      ...whySilent(resources, scope, {
        host: fullName(name, scope.namespace),
        speaking: [],
        protocol: request.protocol,
      }),
    );
    return { ...base, outcome: 'noRoute' };
  }
  const near = hosts.nearestHosts(name);
  steps.push(
    `policy knows no host ${name}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`,
    ...whySilent(resources, scope, {
      host: fullName(name, scope.namespace),
      speaking: [],
      protocol: request.protocol,
    }),
  );
  if (mesh.outboundTrafficPolicy === 'REGISTRY_ONLY') {
    steps.push('calls to unknown hosts are blocked (REGISTRY_ONLY)');
    return base;
  }
  steps.push('calls to unknown hosts go where they say (ALLOW_ANY), without retries or timeout');
  const { port } = splitAuthority(request.authority, request.scheme);
  const proxy = parseClusterName(mesh.egressProxy?.cluster ?? '');
  if (proxy !== undefined) {
    steps.push(`through the egress proxy ${mesh.egressProxy!.cluster}`);
    return throughCluster(base, { name: mesh.egressProxy!.cluster, ...proxy, weight: 1 });
  }
  return throughCluster(base, { name: 'PassthroughCluster', host: name, subset: '', port, weight: 1 });
}

function throughCluster(base: OutboundExplanation, cluster: ExplainedCluster): OutboundExplanation {
  return { ...base, outcome: 'route', clusters: [cluster], picked: cluster.name };
}

/** Without a prototype, as on the path of calls: a header called `constructor` is only a header. */
function lowerNames(headers: HeaderFields): HeaderFields {
  const fields = emptyFields();
  for (const [name, value] of Object.entries(headers)) fields[name.toLowerCase()] = value;
  return fields;
}
