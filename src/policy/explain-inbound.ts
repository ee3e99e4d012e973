/**
 * `heddle explain inbound`: what would become of one exchange, and why. Runs the functions that decide real exchanges.
 */
import { z } from 'zod';
import { MeshError } from '../base/errors.js';
import type { HeaderFields } from '../base/headers.js';
import type { AuthorizationFacts } from '../security/authorize/decide.js';
import { normalizePath } from '../security/authorize/normalize-path.js';
import type { TrustDomains } from '../security/authorize/principals.js';
import { decideConnection, mtlsModeFor } from '../security/mtls/decide.js';
import type { EffectiveInbound } from './effective.js';
import { explainAuthorization } from './explain-authorization.js';
import { explainTokens } from './explain-tokens.js';
import { parseResources } from './parse.js';
import { inboundSteps } from './resilience-steps.js';
import { type InboundOptions, resolveInbound } from './resolve/inbound.js';
import { inboundPoliciesOf, inboundResilience } from './resolve/resilience.js';
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
  remoteIp: z.string().nullish(),
  method: z.string().default('GET'),
  authority: z.string().default(''),
  path: z.string().default('/'),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
  /** Of a token taken as verified. @default null: no token */
  claims: z.record(z.string(), z.unknown()).nullable().default(null),
  /** Address that was called. @default not known: rules about it then fall on the side of refusing */
  localIp: z.string().nullish(),
  /** Server name that the peer asked for. @default null: none, or no TLS */
  sni: z.string().nullable().default(null),
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
  /** Former names of the trust domain. @default none */
  readonly trustDomainAliases?: readonly string[];
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
  const question = readExchange(exchange);
  const steps: string[] = [];
  return explainAmong(readResources(files, steps), question, options, steps);
}

/**
 * The same for resources that were read and found valid before, so that many exchanges are asked about at the cost of one reading.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a question of the wrong shape
 */
export function explainInboundAmong(
  resources: readonly Resource[],
  exchange: InboundQuestion,
  options: ExplainInboundOptions = {},
): InboundExplanation {
  return explainAmong(resources, readExchange(exchange), options, []);
}

function readExchange(exchange: InboundQuestion): Question {
  const question = exchangeSchema.safeParse(exchange);
  if (question.success) return question.data;
  throw new MeshError(`not an exchange: ${z.prettifyError(question.error)}`, {
    code: 'HEDDLE_INVALID_ARGUMENT',
  });
}

function explainAmong(
  resources: readonly Resource[],
  question: Question,
  options: ExplainInboundOptions,
  steps: string[],
): InboundExplanation {
  const { workload } = question;
  const inbound = {
    ...resolveInbound(resources, workload, options),
    ...inboundResilience(inboundPoliciesOf(resources), workload),
  };
  const { trustDomain = 'cluster.local', trustDomainAliases = [] } = options;
  return explain(inbound, question, { trustDomain, trustDomainAliases }, steps);
}

const DECIDING = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];

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

type Question = z.output<typeof exchangeSchema>;

function explain(
  inbound: EffectiveInbound,
  question: Question,
  domains: TrustDomains,
  steps: string[],
): InboundExplanation {
  const { port } = question;
  const http = question.protocol === 'http';
  const mode = mtlsModeFor(inbound, port);
  // Nobody shows a certificate where TLS is not spoken.
  const peer = mode === 'DISABLE' ? { ...question.peer, principal: null } : question.peer;
  const told =
    peer.principal === question.peer.principal ? '' : `, and ${question.peer.principal} cannot show one`;
  steps.push(
    `port ${port} is ${mode}; the peer ${peer.principal === null ? `has no identity${told}` : `is ${peer.principal}`}`,
  );
  if (peer.principal === null && decideConnection(mode, false) === 'refuse')
    return refused(steps, 'the connection is refused: STRICT takes no plain text');
  const path = http ? normalizePath(question.path, inbound.pathNormalization) : question.path;
  if (path === null)
    return refused(
      steps,
      'the request is refused with 400: its path has control characters, a "#", or does not start with "/"',
    );
  if (path !== question.path)
    steps.push(`the path is ${path} in its normal form (${inbound.pathNormalization})`);
  const { method, authority, claims } = question;
  const request = { method, scheme: 'http', authority, path, headers: lowerCase(question.headers) };
  const tokens = explainTokens(http ? inbound.tokens : undefined, request, http ? claims : null, steps);
  if (tokens.rejected !== null) {
    const { status, policy, body } = tokens.rejected;
    steps.push(`deny: ${body} (${status})`);
    return { decision: 'deny', status, policy, rule: null, audited: [], steps };
  }
  const facts: AuthorizationFacts = {
    protocol: question.protocol,
    method,
    authority,
    path: path.split('?')[0]!,
    headers: tokens.headers,
    principal: peer.principal,
    peerIp: peer.ip,
    remoteIp: question.remoteIp ?? peer.ip,
    port,
    ...(question.localIp ? { localIp: question.localIp } : {}),
    sni: question.sni,
    claims: tokens.claims,
  };
  const explained = explainAuthorization(inbound, facts, domains, steps);
  if (http && explained.decision === 'allow') steps.push(...inboundSteps(inbound));
  return explained;
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
