/**
 * Token decision: which tokens a request has, which of them could be good, and what becomes of the request.
 * Pure, in two steps with the signatures between them: {@link examineTokens} looks at everything but signatures, and
 * {@link acceptTokens} or {@link rejectTokens} says the end.
 */
import type { HeaderFields } from '../../base/headers.js';
import { claimAt, headerText, listed } from './claims.js';
import type { CompiledTokens } from './compile.js';
import { faultDetails, TOKEN_FAULTS, type TokenFault } from './faults.js';
import { hideParams, type TokenRequest, withoutParams } from './locations.js';
import type { ParsedToken } from './parse.js';
import type { EffectiveTokenRule, TokenLocation } from './policy.js';

export { listed as listedClaims } from './claims.js';
export { type CompiledTokens, compileTokens } from './compile.js';
export {
  type Candidate,
  claimsFault,
  type Examination,
  examineTokens,
  examineTokensBy,
  isPreflight,
} from './examine.js';
export type { TokenRequest } from './locations.js';
export type { ParsedToken } from './parse.js';

/** A token whose signature is that of its rule. */
export interface Accepted {
  readonly token: ParsedToken;
  readonly at: TokenLocation;
  readonly rule: EffectiveTokenRule;
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
