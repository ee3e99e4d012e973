/**
 * Looks at everything about the tokens of a request but their signatures. Pure.
 *
 * No token is fine unless a rule requires one; every token that is there must be one that some rule takes. That is stricter than
 * Envoy in one case: there a good token for one rule makes a bad one at the location of another rule pass unseen.
 * @source Istio `convertToEnvoyJwtConfig`; Envoy `jwt_authn/{filter,verifier,authenticator}.cc`
 */
import { headerValue } from '../../base/headers.js';
import type { CompiledTokens } from './compile.js';
import type { TokenFault } from './faults.js';
import { type TokenRequest, tokensAt } from './locations.js';
import { type ParsedToken, parseToken } from './parse.js';
import type { EffectiveTokenRule, TokenLocation } from './policy.js';

/** A token that is good if its signature is, by the keys of one of `rules`. */
export interface Candidate<Token extends ParsedToken = ParsedToken> {
  readonly token: Token;
  readonly at: TokenLocation;
  readonly rules: readonly EffectiveTokenRule[];
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
