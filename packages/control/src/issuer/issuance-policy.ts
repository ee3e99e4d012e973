/**
 * Who may get which identity, and for how long. Rules are asked in order and the first that names the identity decides; with no rules
 * every proof gets its identity, with rules whoever none of them names gets none. Pure.
 */
import type { KeyObject } from 'node:crypto';
import { MeshError, type SpiffeId } from 'heddle/ports';
import type { KeyType } from 'heddle/security';

export interface IssuanceRule {
  /** Paths of SPIFFE IDs, `ns/prod/sa/*`; `*` stands for one part of a path, or a part of it. */
  readonly ids: readonly string[];
  /** Kinds of proof that the first certificate may be asked for with: `token`, `kubernetes`, … @default all */
  readonly proofs?: readonly string[];
  /** How long an SVID lives, milliseconds. @default that of the service (`--svid-ttl`) */
  readonly ttlMs?: number;
  /** How long it may live if a workload asks for more. @default `ttlMs` */
  readonly maxTtlMs?: number;
  /** Kinds of keys that are certified. @default all that are strong enough */
  readonly keyTypes?: readonly KeyType[];
}

export interface IssuancePolicy {
  readonly rules: readonly IssuanceRule[];
}

export interface IssuanceFacts {
  readonly id: SpiffeId;
  /** What the first certificate of the line was issued for: `token:<id>`. */
  readonly origin: string;
  readonly publicKey: KeyObject;
  /** undefined: it asked for nothing. */
  readonly askedTtlMs: number | undefined;
  readonly defaultTtlMs: number;
}

export type IssuanceVerdict =
  | { readonly kind: 'granted'; readonly ttlMs: number }
  | { readonly kind: 'refused'; readonly because: string };

export const EMPTY_POLICY: IssuancePolicy = { rules: [] };
/** Bounds of a life. */
export const MIN_TTL_MS = 1_000;
export const MAX_TTL_MS = 90 * 86_400_000;

const KEY_TYPES: readonly KeyType[] = ['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'];
const MAX_RULES = 1_000;
const MAX_LIST = 100;

export function decideIssuance(policy: IssuancePolicy, facts: IssuanceFacts): IssuanceVerdict {
  const { id, origin, publicKey, askedTtlMs, defaultTtlMs } = facts;
  const path = id.path.slice(1);
  const rule = policy.rules.find(({ ids }) => ids.some((pattern) => matches(pattern, path)));
  if (rule === undefined && policy.rules.length > 0)
    return { kind: 'refused', because: `no rule of the issuance policy names ${id}` };
  const proof = origin.split(':')[0]!;
  if (rule?.proofs !== undefined && !rule.proofs.includes(proof))
    return { kind: 'refused', because: `the issuance policy takes no ${proof} as proof of ${id}` };
  if (rule?.keyTypes !== undefined && !rule.keyTypes.includes(keyTypeOf(publicKey)))
    return {
      kind: 'refused',
      because: `the issuance policy certifies no ${keyTypeOf(publicKey)} key for ${id}`,
    };
  const ttlMs = rule?.ttlMs ?? Math.min(defaultTtlMs, rule?.maxTtlMs ?? defaultTtlMs);
  const most = rule?.maxTtlMs ?? ttlMs;
  return {
    kind: 'granted',
    ttlMs: askedTtlMs === undefined ? ttlMs : Math.max(MIN_TTL_MS, Math.min(askedTtlMs, most)),
  };
}

/** The longest that anybody may get. */
export function longestTtl(policy: IssuancePolicy, defaultTtlMs: number): number {
  return Math.max(
    defaultTtlMs,
    ...policy.rules.map(({ ttlMs = 0, maxTtlMs = 0 }) => Math.max(ttlMs, maxTtlMs)),
  );
}

/** Checks what an operator wrote. @throws MeshError `HEDDLE_INVALID_ARGUMENT` naming the rule and the field */
export function readIssuancePolicy(value: unknown): IssuancePolicy {
  const { rules, ...unknown } = object(value, 'the issuance policy');
  const [other] = Object.keys(unknown);
  if (other !== undefined) throw invalid(`${other} is not known; there is rules`);
  if (!Array.isArray(rules) || rules.length > MAX_RULES)
    throw invalid(`rules is a list of at most ${MAX_RULES}`);
  return { rules: rules.map((rule, index) => readRule(rule, `rules[${index}]`)) };
}

function readRule(value: unknown, where: string): IssuanceRule {
  const fields = object(value, where);
  const known = ['ids', 'proofs', 'ttlMs', 'maxTtlMs', 'keyTypes'];
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`${where}.${unknown} is not known; there are ${known.join(', ')}`);
  const rule: IssuanceRule = {
    ids: strings(fields.ids, `${where}.ids`, (text) => isPattern(text)),
    ...(fields.proofs !== undefined && {
      proofs: strings(fields.proofs, `${where}.proofs`, (text) => /^[a-z][a-z0-9-]{0,31}$/.test(text)),
    }),
    ...(fields.ttlMs !== undefined && { ttlMs: ttl(fields.ttlMs, `${where}.ttlMs`) }),
    ...(fields.maxTtlMs !== undefined && { maxTtlMs: ttl(fields.maxTtlMs, `${where}.maxTtlMs`) }),
    ...(fields.keyTypes !== undefined && {
      keyTypes: strings(fields.keyTypes, `${where}.keyTypes`, isKeyType) as KeyType[],
    }),
  };
  if (rule.ttlMs !== undefined && rule.maxTtlMs !== undefined && rule.maxTtlMs < rule.ttlMs)
    throw invalid(`${where}.maxTtlMs is less than ttlMs`);
  return rule;
}

export function keyTypeOf(key: KeyObject): KeyType {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') return namedCurve === 'secp384r1' ? 'ec-p384' : 'ec-p256';
  return modulusLength >= 4096 ? 'rsa-4096' : modulusLength >= 3072 ? 'rsa-3072' : 'rsa-2048';
}

/** By hand: a pattern is an operator's, and must not cost more than its length times the path's. */
function matches(pattern: string, path: string): boolean {
  const [given, wanted] = [path.split('/'), pattern.split('/')];
  return given.length === wanted.length && wanted.every((part, index) => matchesPart(part, given[index]!));
}

function matchesPart(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern === text;
  const last = rest.pop()!;
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const middle of rest) {
    const found = text.indexOf(middle, at);
    if (found < 0) return false;
    at = found + middle.length;
  }
  return at <= text.length - last.length;
}

function isPattern(text: string): boolean {
  return /^[A-Za-z0-9._*-]+(\/[A-Za-z0-9._*-]+){0,15}$/.test(text) && text.length <= 1_024;
}

function isKeyType(text: string): boolean {
  return (KEY_TYPES as readonly string[]).includes(text);
}

function strings(value: unknown, where: string, isGood: (text: string) => boolean): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_LIST)
    throw invalid(`${where} is a list of 1 to ${MAX_LIST}`);
  return value.map((item) => {
    if (typeof item === 'string' && isGood(item)) return item;
    throw invalid(`${where} has ${JSON.stringify(item)?.slice(0, 100)}, which is not one`);
  });
}

function ttl(value: unknown, where: string): number {
  const good = Number.isInteger(value) && (value as number) >= MIN_TTL_MS && (value as number) <= MAX_TTL_MS;
  if (good) return value as number;
  throw invalid(`${where} is a whole number of milliseconds from ${MIN_TTL_MS} to ${MAX_TTL_MS}`);
}

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw invalid(`${where} is not an object`);
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
