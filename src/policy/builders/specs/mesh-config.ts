// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a MeshConfig says. */
export interface MeshConfigSpec {
  /**
   * Whom AuthorizationPolicies of action CUSTOM ask; read in the namespace `istio-system` only. In Istio the
   * same list stands in the mesh configuration of the installation.
   */
  readonly extensionProviders?: readonly MeshConfigExtensionProvider[];
}

export interface MeshConfigExtensionProvider {
  /** A DNS label, once in the mesh. */
  readonly name: string;
  /** An external authorizer that speaks Envoy's HTTP form. */
  readonly envoyExtAuthzHttp?: MeshConfigExtensionProviderEnvoyExtAuthzHttp;
  /** Refused: most authorizers speak HTTP, too: use `envoyExtAuthzHttp`. */
  readonly envoyExtAuthzGrpc?: Readonly<Record<string, unknown>>;
}

export interface MeshConfigExtensionProviderEnvoyExtAuthzHttp {
  /**
   * Full name of a host that policy knows, maybe after `namespace/`; it is called as any other, so that mTLS,
   * limits and retries are those of its policies.
   */
  readonly service: string;
  /** The service port. */
  readonly port: number;
  /** For the whole check. Default: 600s. */
  readonly timeout?: string;
  /** Stands before the path of the request. */
  readonly pathPrefix?: string;
  /** Whether a request is let in where no answer, or one of 5xx, was had. Default: false. */
  readonly failOpen?: boolean;
  /** What such a request is answered with otherwise. Default: 403. */
  readonly statusOnError?: string;
  /** The older name of `includeRequestHeadersInCheck`, which wins. */
  readonly includeHeadersInCheck?: readonly string[];
  /**
   * Headers of the request that are sent, beside `authorization` and `host`: names, `prefix*` or `*suffix`;
   * capitals do not count.
   */
  readonly includeRequestHeadersInCheck?: readonly string[];
  /** Headers that every check has, whatever the request says. */
  readonly includeAdditionalHeadersInCheck?: Readonly<Record<string, string>>;
  /** The body is read before the check, and is there for the handler all the same. */
  readonly includeRequestBodyInCheck?: MeshConfigExtensionProviderEnvoyExtAuthzHttpIncludeRequestBodyInCheck;
  /**
   * Headers of a 200 that the handler sees, in place of those the caller sent: names, `prefix*` or `*suffix`;
   * capitals do not count.
   */
  readonly headersToUpstreamOnAllow?: readonly string[];
  /**
   * Headers of any other answer that the caller sees, beside `www-authenticate` and `location`: names,
   * `prefix*` or `*suffix`; capitals do not count; left out: all.
   */
  readonly headersToDownstreamOnDeny?: readonly string[];
  /**
   * Headers of a 200 that the answer of the handler gets: names, `prefix*` or `*suffix`; capitals do not
   * count.
   */
  readonly headersToDownstreamOnAllow?: readonly string[];
}

export interface MeshConfigExtensionProviderEnvoyExtAuthzHttpIncludeRequestBodyInCheck {
  /** How much of it is sent; a longer one is answered with 413; 16 MiB at most. */
  readonly maxRequestBytes?: number;
  /** The beginning of a longer one is sent, marked with `x-envoy-auth-partial-body: true`. Default: false. */
  readonly allowPartialMessage?: boolean;
  /** Of the gRPC form; here bodies go as they are. */
  readonly packAsBytes?: boolean;
}
