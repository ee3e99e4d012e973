/**
 * `heddle explain inbound`: what would become of one exchange, and why. Runs the functions that decide real exchanges.
 */
import { z } from 'zod';
import { MeshError } from '../base/errors.js';
import type { HeaderFields } from '../base/headers.js';
import {
  type AuthorizationFacts,
  compileAuthorization,
  decideAuthorization,
  decideDryRun,
} from '../security/authorize/decide.js';
import { explainRule } from '../security/authorize/explain.js';
import { normalizePath } from '../security/authorize/normalize-path.js';
import type { EffectiveAuthorization } from '../security/authorize/policy.js';
import { decideConnection, mtlsModeFor } from '../security/mtls/decide.js';
import type { EffectiveInbound } from './effective.js';
import { parseResources } from './parse.js';
import { type InboundOptions, resolveInbound } from './resolve/inbound.js';
import type { Message, PolicyFile, Resource } from './resource.js';
import { validateResource } from './validate.js';

const exchangeSchema = z.strictObject({
  workload: z
    .strictObject({
      namespace: z.string().default('default'),
      labels: z.record(z.string(), z.string()).default({}),
      service: z.string().default(''),
    })
    .prefault({}),
  port: z.int().min(1).max(65_535),
  peer: z
    .strictObject({
      /** Without `spiffe://`; null for plain text. */
      principal: z.string().nullable().default(null),
      /** @default not known: rules about it then fall on the side of refusing */
      ip: z.string().default(''),
    })
    .prefault({}),
  /** @default the peer's address */
  remoteIp: z.string().optional(),
  method: z.string().default('GET'),
  authority: z.string().default(''),
  path: z.string().default('/'),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  /** Of a token taken as verified. @default null: no token */
  claims: z.record(z.string(), z.unknown()).nullable().default(null),
  /** `tcp`: a connection that is not HTTP; its HTTP fields are not looked at. @default 'http' */
  protocol: z.enum(['http', 'tcp']).default('http'),
});

/** One exchange to explain. */
export type InboundQuestion = z.input<typeof exchangeSchema>;

export interface InboundExplanation {
  readonly decision: 'allow' | 'deny';
  readonly status: 200 | 401 | 403;
  /** `ns/name` of the policy that decided; null if it was none in particular. */
  readonly policy: string | null;
  readonly rule: number | null;
  /** AUDIT policies that matched. */
  readonly audited: readonly string[];
  /** For a person. */
  readonly steps: readonly string[];
}

export interface ExplainInboundOptions extends InboundOptions {
  /** @default 'cluster.local' */
  readonly trustDomain?: string;
}

/**
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a question of the wrong shape; `HEDDLE_INVALID_POLICY` if a file is not YAML or a
 * security policy is not valid: an answer that leaves it out would be wrong. Other invalid resources are named in the steps.
 */
export function explainInbound(
  files: readonly PolicyFile[],
  exchange: InboundQuestion,
  options: ExplainInboundOptions = {},
): InboundExplanation {
  const question = exchangeSchema.safeParse(exchange);
  if (!question.success)
    throw new MeshError(`not an exchange: ${z.prettifyError(question.error)}`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  const steps: string[] = [];
  const resources = readResources(files, steps);
  const inbound = resolveInbound(resources, question.data.workload, options);
  return explain(inbound, question.data, options.trustDomain ?? 'cluster.local', steps);
}

const DECIDING = ['AuthorizationPolicy', 'PeerAuthentication'];

function readResources(files: readonly PolicyFile[], steps: string[]): Resource[] {
  const parsed = parseResources(files);
  const errors = [...parsed.messages, ...parsed.resources.flatMap(validateResource)].filter(
    ({ level }) => level === 'error',
  );
  const fatal = errors.find(({ kind }) => kind === '' || DECIDING.includes(kind));
  if (fatal !== undefined)
    throw new MeshError(`policy is not valid: ${place(fatal)}: ${fatal.message}`, {
      code: 'HEDDLE_INVALID_POLICY',
    });
  for (const error of errors) steps.push(`left out: ${place(error)}: ${error.message}`);
  return parsed.resources.map(({ resource }) => resource);
}

function place({ file, line, kind, namespace, name, path }: Message): string {
  return `${file}:${line} ${kind === '' ? '' : `${kind} ${namespace}/${name} `}${path}`.trimEnd();
}

function explain(
  inbound: EffectiveInbound,
  question: z.output<typeof exchangeSchema>,
  trustDomain: string,
  steps: string[],
): InboundExplanation {
  const { peer, port } = question;
  const mode = mtlsModeFor(inbound, port);
  steps.push(
    `port ${port} is ${mode}; the peer ${peer.principal === null ? 'has no identity' : `is ${peer.principal}`}`,
  );
  if (peer.principal === null && decideConnection(mode, false) === 'refuse')
    return refused(steps, 'the connection is refused: STRICT takes no plain text');
  const path =
    question.protocol === 'tcp' ? question.path : normalizePath(question.path, inbound.pathNormalization);
  if (path === null)
    return refused(
      steps,
      'the request is refused with 400: its path has control characters, a "#", or does not start with "/"',
    );
  if (path !== question.path)
    steps.push(`the path is ${path} in its normal form (${inbound.pathNormalization})`);
  const facts: AuthorizationFacts = {
    protocol: question.protocol,
    method: question.method,
    authority: question.authority,
    path: path.split('?')[0]!,
    headers: lowerCase(question.headers),
    principal: peer.principal,
    peerIp: peer.ip,
    remoteIp: question.remoteIp ?? peer.ip,
    port,
    sni: null,
    claims: question.claims,
  };
  const { pathNormalization } = inbound;
  const compiled = compileAuthorization(inbound.authorization, { trustDomain, pathNormalization });
  const { decision, status, policy, rule, audited, because } = decideAuthorization(compiled, facts);
  for (const applied of inbound.authorization) explainPolicy(applied, facts, trustDomain, steps);
  if (inbound.authorization.length === 0) steps.push('no AuthorizationPolicy selects the workload');
  const shadow = decideDryRun(compiled, facts);
  if (shadow !== null) steps.push(`the policies in dry run would say ${shadow.decision}: ${shadow.because}`);
  steps.push(`${decision}: ${because}`);
  return { decision, status, policy, rule, audited, steps };
}

function explainPolicy(
  { policy, action, dryRun, rules }: EffectiveAuthorization,
  facts: AuthorizationFacts,
  trustDomain: string,
  steps: string[],
): void {
  const name = `policy ${policy} (${action}${dryRun ? ', dry run' : ''})`;
  if (rules.length === 0) steps.push(`${name} has no rules: it matches nothing`);
  const context = { allows: action === 'ALLOW', tcp: facts.protocol === 'tcp', domains: { trustDomain } };
  for (const [index, rule] of rules.entries()) {
    const { matched, because } = explainRule(rule, context, facts);
    steps.push(`${name} rule ${index} ${matched ? 'matches' : 'does not match'}: ${because}`);
  }
}

function refused(steps: string[], because: string): InboundExplanation {
  return {
    decision: 'deny',
    status: 403,
    policy: null,
    rule: null,
    audited: [],
    steps: [...steps, `deny: ${because}`],
  };
}

function lowerCase(headers: Readonly<Record<string, string | string[]>>): HeaderFields {
  const fields: HeaderFields = Object.create(null);
  for (const [name, value] of Object.entries(headers)) fields[name.toLowerCase()] = value;
  return fields;
}
