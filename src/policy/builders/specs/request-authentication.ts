// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a RequestAuthentication says. */
export interface RequestAuthenticationSpec {
  /** Of workloads in its own namespace; of all in `istio-system`. */
  readonly selector?: RequestAuthenticationSelector;
  /** Partly: told as HDL0006: for gateways and waypoints, never for a workload. */
  readonly targetRef?: RequestAuthenticationTargetRef;
  /** Partly: as `targetRef`. */
  readonly targetRefs?: readonly RequestAuthenticationTargetRef[];
  /** A request with a token that none of them takes is refused with 401; one without a token is not. */
  readonly jwtRules?: readonly RequestAuthenticationJwtRule[];
}

export interface RequestAuthenticationSelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface RequestAuthenticationTargetRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface RequestAuthenticationJwtRule {
  /** The claim `iss`; without `jwksUri` and `jwks` its keys are asked for by OpenID discovery. */
  readonly issuer?: string;
  /** The claim `aud` holds one of them. */
  readonly audiences?: readonly string[];
  /** Where the keys are; kept and renewed by each process. */
  readonly jwksUri?: string;
  /** The same, in an old spelling. */
  readonly jwks_uri?: string;
  /** The keys themselves. */
  readonly jwks?: string;
  /** Where the token stands; left out: `Authorization: Bearer`, and the parameter `access_token`. */
  readonly fromHeaders?: readonly RequestAuthenticationJwtRuleFromHeader[];
  /** Query parameters. */
  readonly fromParams?: readonly string[];
  /** Cookies. */
  readonly fromCookies?: readonly string[];
  /** Partly: the payload in base64url, for the program; names that belong to HTTP itself are refused. */
  readonly outputPayloadToHeader?: string;
  /** Partly: single claims, for the program; names that belong to HTTP itself are refused. */
  readonly outputClaimToHeaders?: readonly RequestAuthenticationJwtRuleOutputClaimToHeader[];
  /** Whether the program sees the token. Default: false. */
  readonly forwardOriginalToken?: boolean;
  /** For asking for keys. Default: 5s. */
  readonly timeout?: string;
  /** Claims that are lists in one text, beside `scope` and `permission`. */
  readonly spaceDelimitedClaims?: readonly string[];
  /** REQUIRED: a request without a token is refused, too. Default: OPTIONAL. */
  readonly presence?: 'OPTIONAL' | 'REQUIRED';
}

export interface RequestAuthenticationJwtRuleFromHeader {
  /** Of the header. */
  readonly name: string;
  /** Before the token, with its space. */
  readonly prefix?: string;
}

export interface RequestAuthenticationJwtRuleOutputClaimToHeader {
  /** Partly: of the header. */
  readonly header: string;
  /** Its name; `a.b` is within `a`. */
  readonly claim: string;
}
