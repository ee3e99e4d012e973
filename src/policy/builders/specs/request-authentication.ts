// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a RequestAuthentication says. */
export interface RequestAuthenticationSpec {
  readonly selector?: RequestAuthenticationSelector;
  readonly targetRef?: RequestAuthenticationTargetRef;
  readonly targetRefs?: readonly RequestAuthenticationTargetRef[];
  readonly jwtRules?: readonly RequestAuthenticationJwtRule[];
}

export interface RequestAuthenticationSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface RequestAuthenticationTargetRef {
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly group?: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly kind?: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly name?: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly namespace?: string;
}

export interface RequestAuthenticationJwtRule {
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly issuer?: string;
  readonly audiences?: readonly string[];
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly jwksUri?: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly jwks_uri?: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly jwks?: string;
  readonly fromHeaders?: readonly RequestAuthenticationJwtRuleFromHeader[];
  readonly fromParams?: readonly string[];
  readonly fromCookies?: readonly string[];
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders?: readonly RequestAuthenticationJwtRuleOutputClaimToHeader[];
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly forwardOriginalToken?: boolean;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly timeout?: string;
  readonly spaceDelimitedClaims?: readonly string[];
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly presence?: 'OPTIONAL' | 'REQUIRED';
}

export interface RequestAuthenticationJwtRuleFromHeader {
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly name: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly prefix?: string;
}

export interface RequestAuthenticationJwtRuleOutputClaimToHeader {
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly header: string;
  /** Refused: tokens are not checked yet, and a policy that protects nothing would be worse than none. */
  readonly claim: string;
}
