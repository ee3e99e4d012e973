/**
 * RequestAuthentication: what an operator may say about tokens (Istio's shape), and the same resolved for one workload.
 * @source Istio `security/v1beta1/request_authentication.proto`; `pilot/pkg/security/authn/policy_applier.go`
 */
import type { TargetReference } from '../authorize/policy.js';

export interface JwtRuleSpec {
  readonly issuer?: string | undefined;
  readonly audiences?: readonly string[] | undefined;
  readonly jwksUri?: string | undefined;
  /** The same as `jwksUri`, as the CRD also spells it. */
  readonly jwks_uri?: string | undefined;
  readonly jwks?: string | undefined;
  readonly fromHeaders?:
    | readonly { readonly name: string; readonly prefix?: string | undefined }[]
    | undefined;
  readonly fromParams?: readonly string[] | undefined;
  readonly fromCookies?: readonly string[] | undefined;
  readonly outputPayloadToHeader?: string | undefined;
  readonly outputClaimToHeaders?: readonly ClaimHeader[] | undefined;
  readonly forwardOriginalToken?: boolean | undefined;
  readonly timeout?: string | undefined;
  readonly spaceDelimitedClaims?: readonly string[] | undefined;
  readonly presence?: 'OPTIONAL' | 'REQUIRED' | undefined;
}

export interface RequestAuthenticationSpec {
  readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly targetRef?: TargetReference | undefined;
  readonly targetRefs?: readonly TargetReference[] | undefined;
  readonly jwtRules?: readonly JwtRuleSpec[] | undefined;
}

export interface ClaimHeader {
  readonly header: string;
  /** `a.b` is the claim `b` in the claim `a`. */
  readonly claim: string;
}

/** Where a token may be. Names of headers are in lower case. */
export type TokenLocation =
  /** What stands before the token is `prefix`; case matters. */
  | { readonly in: 'header'; readonly name: string; readonly prefix: string }
  | { readonly in: 'param' | 'cookie'; readonly name: string };

/** Where the keys are. Times in milliseconds. */
export type TokenKeys =
  | { readonly from: 'inline'; readonly jwks: string }
  | { readonly from: 'uri'; readonly uri: string; readonly timeoutMs: number }
  /** Where `<issuer>/.well-known/openid-configuration` says. */
  | { readonly from: 'issuer'; readonly issuer: string; readonly timeoutMs: number };

/** One rule, resolved: tokens that it takes, and what becomes of them. */
export interface EffectiveTokenRule {
  /** `ns/name` of the RequestAuthentication. */
  readonly policy: string;
  /** What `iss` must be; null: anything. */
  readonly issuer: string | null;
  /** One of these must be in `aud`; empty: not looked at. */
  readonly audiences: readonly string[];
  readonly keys: TokenKeys;
  readonly locations: readonly TokenLocation[];
  /** A request without any token at these locations is refused. */
  readonly required: boolean;
  /** The handler sees the token, too. */
  readonly forward: boolean;
  /** Gets the token's middle part as it came. */
  readonly payloadHeader: string | null;
  readonly claimHeaders: readonly ClaimHeader[];
  /** Claims that hold a list in one text. */
  readonly spaceDelimited: readonly string[];
}

/** Where a token is looked for if its rule does not say. @source RFC 6750 §2.1, §2.3 */
export const DEFAULT_LOCATIONS: readonly TokenLocation[] = [
  { in: 'header', name: 'authorization', prefix: 'Bearer ' },
  { in: 'param', name: 'access_token' },
];

/** Always lists. @source Istio `buildSpaceDelimitedClaims` */
export const SPACE_DELIMITED: readonly string[] = ['permission', 'scope'];

/** How long fetching keys may take. @source Istio `convertToEnvoyJwtConfig` */
export const DEFAULT_KEYS_TIMEOUT_MS = 5_000;

/**
 * The rule as workloads get it; it must have been checked.
 * @param policy `ns/name`
 * @param timeoutMs of its `timeout`
 */
export function effectiveTokenRule(
  rule: JwtRuleSpec,
  policy: string,
  timeoutMs = DEFAULT_KEYS_TIMEOUT_MS,
): EffectiveTokenRule {
  const locations: TokenLocation[] = [
    ...(rule.fromHeaders ?? []).map(({ name, prefix = '' }) => ({
      in: 'header' as const,
      name: name.toLowerCase(),
      prefix,
    })),
    ...(rule.fromParams ?? []).map((name) => ({ in: 'param' as const, name })),
    ...(rule.fromCookies ?? []).map((name) => ({ in: 'cookie' as const, name })),
  ];
  return {
    policy,
    issuer: rule.issuer || null,
    audiences: rule.audiences ?? [],
    keys: keysOf(rule, timeoutMs),
    locations: locations.length > 0 ? locations : DEFAULT_LOCATIONS,
    required: rule.presence === 'REQUIRED',
    forward: rule.forwardOriginalToken ?? false,
    payloadHeader: rule.outputPayloadToHeader?.toLowerCase() || null,
    claimHeaders: (rule.outputClaimToHeaders ?? []).map(({ header, claim }) => ({
      header: header.toLowerCase(),
      claim,
    })),
    spaceDelimited: [...new Set([...SPACE_DELIMITED, ...(rule.spaceDelimitedClaims ?? [])])],
  };
}

/** Keys that are written down go before those that would have to be fetched. */
function keysOf(rule: JwtRuleSpec, timeoutMs: number): TokenKeys {
  if ((rule.jwks ?? '') !== '') return { from: 'inline', jwks: rule.jwks! };
  const uri = rule.jwksUri || rule.jwks_uri;
  if (uri) return { from: 'uri', uri, timeoutMs };
  return { from: 'issuer', issuer: rule.issuer ?? '', timeoutMs };
}

/** All rules that hold for one workload, in the order in which they are asked. @source Istio `newPolicyApplier` */
export function combineTokenRules(rules: readonly EffectiveTokenRule[]): EffectiveTokenRule[] {
  return [...rules].sort((one, other) => {
    const [first, second] = [one.issuer ?? '', other.issuer ?? ''];
    return first < second ? -1 : first > second ? 1 : 0;
  });
}
