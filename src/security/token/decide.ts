/**
 * Token decision: which tokens a request has, which of them could be good, and what becomes of the request.
 * Pure, in two steps with the signatures between them: {@link examineTokens} looks at everything but signatures, and
 * {@link acceptTokens} or {@link rejectTokens} says the end.
 *
 * No token is fine unless a rule requires one; every token that is there must be one that some rule takes. That is stricter than
 * Envoy in one case: there a good token for one rule makes a bad one at the location of another rule pass unseen.
 * @source Istio `convertToEnvoyJwtConfig`; Envoy `jwt_authn/{filter,verifier,authenticator}.cc`
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import { claimAt, headerText, listed } from './claims.js';
import { faultDetails, TOKEN_FAULTS, type TokenFault } from './faults.js';
import { hideParams, type TokenRequest, tokensAt, withoutParams } from './locations.js';
import { type ParsedToken, parseToken } from './parse.js';
import type { EffectiveTokenRule, TokenLocation } from './policy.js';

export { listed as listedClaims } from './claims.js';
export type { TokenRequest } from './locations.js';
export type { ParsedToken } from './parse.js';

/** The rules of one workload, indexed by location. */
export interface CompiledTokens {
  readonly rules: readonly EffectiveTokenRule[];
  readonly places: readonly { readonly at: TokenLocation; readonly rules: readonly EffectiveTokenRule[] }[];
  /** Query parameters that may hold a token. */
  readonly params: ReadonlySet<string>;
  /** Headers that only we write: what a caller says in them is taken off. */
  readonly outputs: ReadonlySet<string>;
}

/** @returns null if there are no rules: then nothing looks for tokens */
export function compileTokens(rules: readonly EffectiveTokenRule[] | undefined): CompiledTokens | null {
  if (rules === undefined || rules.length === 0) return null;
  const places = new Map<string, { at: TokenLocation; rules: EffectiveTokenRule[] }>();
  const outputs = new Set<string>();
  for (const rule of rules) {
    for (const at of rule.locations) {
      const key = JSON.stringify([at.in, at.name, at.in === 'header' ? at.prefix : '']);
      const place = places.get(key) ?? { at, rules: [] };
      places.set(key, place);
      place.rules.push(rule);
    }
    if (rule.payloadHeader !== null) outputs.add(rule.payloadHeader);
    for (const { header } of rule.claimHeaders) outputs.add(header);
  }
  const all = [...places.values()];
  const params = new Set(all.flatMap(({ at }) => (at.in === 'param' ? [at.name] : [])));
  return { rules, places: all, params, outputs };
}

/** A token that is good if its signature is, by the keys of one of `rules`. */
export interface Candidate<Token extends ParsedToken = ParsedToken> {
  readonly token: Token;
  readonly at: TokenLocation;
  readonly rules: readonly EffectiveTokenRule[];
}

export interface Accepted {
  readonly token: ParsedToken;
  readonly at: TokenLocation;
  readonly rule: EffectiveTokenRule;
}

export type Examination<Token extends ParsedToken = ParsedToken> =
  | { readonly kind: 'candidates'; readonly candidates: readonly Candidate<Token>[] }
  | { readonly kind: 'reject'; readonly fault: TokenFault; readonly policy: string | null };

/** More than any client sends by mistake; each costs a signature. */
const MOST_TOKENS = 8;

/** @param nowSeconds since the epoch; NaN: the times of tokens are not looked at */
export function examineTokens(
  compiled: CompiledTokens,
  request: TokenRequest,
  nowSeconds: number,
): Examination {
  return examineTokensBy(parseToken, compiled, request, nowSeconds);
}

/** The same with a parser of one's own, that may know tokens from before. */
export function examineTokensBy<Token extends ParsedToken>(
  parse: (text: string) => Token | TokenFault,
  compiled: CompiledTokens,
  request: TokenRequest,
  nowSeconds: number,
): Examination<Token> {
  // A preflight never has credentials, and says nothing but what may be asked.
  if (isPreflight(request)) return { kind: 'candidates', candidates: [] };
  const candidates: Candidate<Token>[] = [];
  const answered = new Set<EffectiveTokenRule>();
  for (const { at, rules } of compiled.places) {
    for (const text of tokensAt(at, request)) {
      if (candidates.length === MOST_TOKENS) return reject('many');
      const token = parse(text);
      if (typeof token === 'string') return reject(token, rules);
      const { fitting, fault, policy } = fittingRules(token, rules, nowSeconds);
      if (fitting.length === 0) return { kind: 'reject', fault, policy };
      candidates.push({ token, at, rules: fitting });
      for (const rule of rules) answered.add(rule);
    }
  }
  const unanswered = compiled.rules.find((rule) => rule.required && !answered.has(rule));
  return unanswered === undefined ? { kind: 'candidates', candidates } : reject('missing', [unanswered]);
}

/** @source https://fetch.spec.whatwg.org/#cors-preflight-fetch; Envoy `bypass_cors_preflight` */
export function isPreflight({ method, headers }: TokenRequest): boolean {
  const given = (name: string) => (headerValue(headers, name) ?? '') !== '';
  return method === 'OPTIONS' && given('origin') && given('access-control-request-method');
}

function reject(
  fault: TokenFault,
  rules: readonly EffectiveTokenRule[] = [],
): Examination & { readonly kind: 'reject' } {
  return { kind: 'reject', fault, policy: rules[0]?.policy ?? null };
}

/** How far clocks may be apart, seconds. @source google/jwt_verify_lib `kClockSkewInSecond` */
const CLOCK_SKEW_SECONDS = 60;

/** What is wrong with the claims of a token in the eyes of one rule. In Envoy's order: issuer, time, audience. */
export function claimsFault(
  rule: EffectiveTokenRule,
  token: Pick<ParsedToken, 'issuer' | 'notBefore' | 'expires' | 'audiences'>,
  nowSeconds: number,
): TokenFault | null {
  if (rule.issuer !== null && rule.issuer !== token.issuer) return 'issuer';
  if (nowSeconds + CLOCK_SKEW_SECONDS < token.notBefore) return 'notYet';
  if (token.expires > 0 && nowSeconds > token.expires + CLOCK_SKEW_SECONDS) return 'expired';
  return takesAudience(rule, token.audiences) ? null : 'audience';
}

/** A scheme before it and a slash behind it do not make an audience another one. @source google/jwt_verify_lib `check_audience.cc` */
function takesAudience({ audiences }: EffectiveTokenRule, given: readonly string[]): boolean {
  if (audiences.length === 0) return true;
  const bare = (audience: string) => audience.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const wanted = new Set(audiences.map(bare));
  return given.some((audience) => wanted.has(bare(audience)));
}

interface Fitting {
  readonly fitting: readonly EffectiveTokenRule[];
  /** Of the rule that came nearest: an issuer that another rule names says less than anything else. */
  readonly fault: TokenFault;
  readonly policy: string | null;
}

function fittingRules(token: ParsedToken, rules: readonly EffectiveTokenRule[], nowSeconds: number): Fitting {
  const fitting: EffectiveTokenRule[] = [];
  let fault: TokenFault = 'issuer';
  let policy: string | null = null;
  for (const rule of rules) {
    const found = claimsFault(rule, token, nowSeconds);
    if (found === null) fitting.push(rule);
    else if (fault === 'issuer' && found !== 'issuer') {
      fault = found;
      policy = rule.policy;
    }
  }
  return { fitting, fault, policy };
}

/** What is done to the request before anything else sees it. */
export interface RequestChanges {
  readonly remove: readonly string[];
  /** Names in lower case. */
  readonly set: Readonly<Record<string, string>>;
  /** Path and query. */
  readonly path: string;
}

export interface TokensAccepted extends RequestChanges {
  readonly kind: 'accept';
  /** `issuer/subject`; null without a token that has both. */
  readonly principal: string | null;
  /** As they came; null without a token. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** The same for rules to compare: lists in one text are lists. */
  readonly compared: Readonly<Record<string, unknown>> | null;
}

export interface TokensRejected {
  readonly kind: 'reject';
  readonly status: 401 | 403;
  readonly body: string;
  /** The `www-authenticate` header. */
  readonly challenge: string;
  /** Envoy's response code details. Has no word of the token in it. */
  readonly because: string;
  /** `ns/name` of the RequestAuthentication that came nearest; null if none did. */
  readonly policy: string | null;
}

export type TokenVerdict = TokensAccepted | TokensRejected;

/**
 * The end for a request all of whose tokens are good, or that has none. Of several tokens the first one, in order of the rules and
 * their locations, is who the caller is.
 */
export function acceptTokens(
  compiled: CompiledTokens,
  accepted: readonly Accepted[],
  request: TokenRequest,
): TokensAccepted {
  const remove = new Set<string>();
  for (const name of compiled.outputs) if (Object.hasOwn(request.headers, name)) remove.add(name);
  const set: Record<string, string> = Object.create(null);
  const params = new Set<string>();
  for (const { token, at, rule } of accepted) {
    if (rule.payloadHeader !== null) set[rule.payloadHeader] ??= token.payload;
    for (const { header, claim } of rule.claimHeaders) {
      const text = headerText(claimAt(token.claims, claim));
      if (text !== null) set[header] ??= text;
    }
    if (rule.forward) continue;
    // A cookie stays, as in Envoy: the field is shared with others that are no tokens.
    if (at.in === 'header') remove.add(at.name);
    else if (at.in === 'param') params.add(at.name);
  }
  const first = accepted[0];
  const claims = first?.token.claims ?? null;
  return {
    kind: 'accept',
    remove: [...remove].filter((name) => !Object.hasOwn(set, name)),
    set,
    path: withoutParams(request.path, params),
    claims,
    compared: first === undefined ? null : listed(first.token.claims, first.rule.spaceDelimited),
    principal: claims === null ? null : principalOf(claims),
  };
}

function principalOf({ iss, sub }: Readonly<Record<string, unknown>>): string | null {
  return typeof iss === 'string' && typeof sub === 'string' ? `${iss}/${sub}` : null;
}

/** The end for a request with a token that is not good, or without one that is required. */
export function rejectTokens(
  fault: TokenFault,
  policy: string | null,
  request: Pick<TokenRequest, 'scheme' | 'authority' | 'path'>,
): TokensRejected {
  const invalid = fault === 'missing' ? '' : ', error="invalid_token"';
  return {
    kind: 'reject',
    status: fault === 'audience' ? 403 : 401,
    body: TOKEN_FAULTS[fault],
    challenge: `Bearer realm="${realm(request)}"${invalid}`,
    because: faultDetails(fault),
    policy,
  };
}

const LONGEST_REALM_PATH = 256;

/** Without the query, which may hold the token, and with nothing that would end the quotes. @source Envoy `buildOriginalUri` */
function realm({ scheme, authority, path }: Pick<TokenRequest, 'scheme' | 'authority' | 'path'>): string {
  const bare = path.split('?', 1)[0]!.slice(0, LONGEST_REALM_PATH);
  return `${scheme}://${authority}${bare}`.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, (character) =>
    character.charCodeAt(0) > 0xff ? '' : `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** The path as logs and traces may have it. */
export function hideTokens(compiled: CompiledTokens, path: string): string {
  return hideParams(path, compiled.params);
}

/** Applies the changes to header fields. */
export function changeFields(fields: HeaderFields, { remove, set }: RequestChanges): void {
  for (const name of remove) delete fields[name];
  for (const name in set) fields[name] = set[name]!;
}
