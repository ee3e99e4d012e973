/**
 * Who is asked by CUSTOM: an external authorizer that speaks Envoy's HTTP form, in Istio's shape, and the same as workloads get it.
 * @source Istio `mesh/v1alpha1/config.proto` EnvoyExternalAuthorizationHttpProvider; `pilot/pkg/security/authz/builder/extauthz.go`
 */

export interface ExtAuthzHttpSpec {
  /** `[namespace/]host`. */
  readonly service: string;
  readonly port: number;
  readonly timeout?: string | undefined;
  readonly pathPrefix?: string | undefined;
  readonly failOpen?: boolean | undefined;
  /** An HTTP status, in digits. */
  readonly statusOnError?: string | undefined;
  /** The same as `includeRequestHeadersInCheck`, which wins. */
  readonly includeHeadersInCheck?: readonly string[] | undefined;
  readonly includeRequestHeadersInCheck?: readonly string[] | undefined;
  readonly includeAdditionalHeadersInCheck?: Readonly<Record<string, string>> | undefined;
  readonly includeRequestBodyInCheck?: RequestBodyInCheckSpec | undefined;
  readonly headersToUpstreamOnAllow?: readonly string[] | undefined;
  readonly headersToDownstreamOnDeny?: readonly string[] | undefined;
  readonly headersToDownstreamOnAllow?: readonly string[] | undefined;
}

export interface RequestBodyInCheckSpec {
  readonly maxRequestBytes?: number | undefined;
  readonly allowPartialMessage?: boolean | undefined;
  /** Of the gRPC form; means nothing here. */
  readonly packAsBytes?: boolean | undefined;
}

/** One provider, resolved. Lists of headers hold names in lower case: exact, `prefix*` or `*suffix`. */
export interface EffectiveCheckProvider {
  readonly name: string;
  /** Without its namespace. */
  readonly service: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Stands before the path of the request; empty: nothing does. */
  readonly pathPrefix: string;
  readonly failOpen: boolean;
  readonly statusOnError: number;
  readonly requestHeaders: readonly string[];
  readonly additionalHeaders: Readonly<Record<string, string>>;
  /** Absent: the body is not sent. */
  readonly body?: { readonly maxBytes: number; readonly allowPartial: boolean };
  readonly upstreamOnAllow: readonly string[];
  /** Empty: all that the provider answers. */
  readonly downstreamOnDeny: readonly string[];
  readonly downstreamOnAllow: readonly string[];
}

/** @source Istio `timeoutOrDefault` */
export const DEFAULT_CHECK_TIMEOUT_MS = 600_000;
/** @source Envoy `ext_authz` `status_on_error` */
const DEFAULT_STATUS_ON_ERROR = 403;

/**
 * The provider as workloads get it; it must have been checked.
 * @param timeoutMs of its `timeout`
 */
export function effectiveCheckProvider(
  name: string,
  spec: ExtAuthzHttpSpec,
  timeoutMs = DEFAULT_CHECK_TIMEOUT_MS,
): EffectiveCheckProvider {
  const { includeRequestHeadersInCheck: listed = [], includeRequestBodyInCheck: body } = spec;
  const additional = Object.entries(spec.includeAdditionalHeadersInCheck ?? {});
  return {
    name,
    service: spec.service.slice(spec.service.indexOf('/') + 1).toLowerCase(),
    port: spec.port,
    timeoutMs,
    pathPrefix: spec.pathPrefix ?? '',
    failOpen: spec.failOpen ?? false,
    statusOnError: Number(spec.statusOnError || DEFAULT_STATUS_ON_ERROR),
    requestHeaders: lowerCase(listed.length > 0 ? listed : spec.includeHeadersInCheck),
    additionalHeaders: Object.fromEntries(additional.map(([key, value]) => [key.toLowerCase(), value])),
    ...(body !== undefined && {
      body: { maxBytes: body.maxRequestBytes ?? 0, allowPartial: body.allowPartialMessage ?? false },
    }),
    upstreamOnAllow: lowerCase(spec.headersToUpstreamOnAllow),
    downstreamOnDeny: lowerCase(spec.headersToDownstreamOnDeny),
    downstreamOnAllow: lowerCase(spec.headersToDownstreamOnAllow),
  };
}

function lowerCase(names: readonly string[] = []): string[] {
  return names.map((name) => name.toLowerCase());
}
