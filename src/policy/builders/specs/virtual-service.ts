// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a VirtualService says. */
export interface VirtualServiceSpec {
  /**
   * Names in the mesh or outside; `*` may begin the first label; short names belong to the namespace of the
   * resource.
   */
  readonly hosts?: readonly string[];
  /** Partly: `mesh` is carried out; gateways are known to `analyze` and `explain` only. */
  readonly gateways?: readonly string[];
  readonly http?: readonly VirtualServiceHttp[];
  /** Refused: calls are HTTP; TLS routing is not there yet. */
  readonly tls?: readonly VirtualServiceTls[];
  /** Refused: TCP routing is not there yet. */
  readonly tcp?: readonly VirtualServiceTcp[];
  /** `.`, `*` or names of namespaces. */
  readonly exportTo?: readonly string[];
}

export interface VirtualServiceHttp {
  /** In explanations and spans. */
  readonly name?: string;
  /** All conditions of an entry must hold; one entry must. */
  readonly match?: readonly VirtualServiceHttpMatch[];
  readonly route?: readonly VirtualServiceHttpRoute[];
  /** Answered by the caller's own process. */
  readonly redirect?: VirtualServiceHttpRedirect;
  /** Answered by the caller's own process; at most 1 MiB. */
  readonly directResponse?: VirtualServiceHttpDirectResponse;
  /** Refused: delegation is not there yet. */
  readonly delegate?: VirtualServiceHttpDelegate;
  /** Prefix or whole path, RE2 with back references, authority. */
  readonly rewrite?: VirtualServiceHttpRewrite;
  /**
   * Of the whole call, retries included; the smaller of it, the caller's own, and what is left of the
   * exchange being served.
   */
  readonly timeout?: string;
  readonly retries?: VirtualServiceHttpRetries;
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly fault?: VirtualServiceHttpFault;
  /** A copy a call, not a retry; its answer is thrown away. */
  readonly mirror?: VirtualServiceHttpRouteDestination;
  /** Default 100. */
  readonly mirrorPercentage?: VirtualServiceHttpFaultDelayPercentage;
  /** Deprecated. */
  readonly mirrorPercent?: number;
  readonly mirror_percent?: number;
  /** Each drawn on its own. */
  readonly mirrors?: readonly VirtualServiceHttpMirror[];
  /** Preflights are answered, and responses say who may read them, on the way out. */
  readonly corsPolicy?: VirtualServiceHttpCorsPolicy;
  /** Remove, then set, then add. */
  readonly headers?: VirtualServiceHttpRouteHeaders;
}

export interface VirtualServiceHttpMatch {
  /** A label for people. */
  readonly name?: string;
  /** Exact, prefix or RE2 of the path without its query. */
  readonly uri?: VirtualServiceStringMatch;
  readonly scheme?: VirtualServiceStringMatch;
  readonly method?: VirtualServiceStringMatch;
  readonly authority?: VirtualServiceStringMatch;
  /** An empty match asks for presence; claims of tokens (`@request.auth.claims`) are refused. */
  readonly headers?: Readonly<Record<string, VirtualServiceStringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, VirtualServiceStringMatch>>;
  readonly queryParams?: Readonly<Record<string, VirtualServiceStringMatch>>;
  /** All conditions of an entry must hold; one entry must. */
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** All conditions of an entry must hold; one entry must. */
  readonly sourceNamespace?: string;
  /** Partly: as `gateways` above. */
  readonly gateways?: readonly string[];
  /** All conditions of an entry must hold; one entry must. */
  readonly ignoreUriCase?: boolean;
  /** Partly: accepted, told as HDL0006; metrics have no such label. */
  readonly statPrefix?: string;
}

export interface VirtualServiceStringMatch {
  /** The whole value. */
  readonly exact?: string;
  /** What the value begins with. */
  readonly prefix?: string;
  /** RE2 that the whole value matches. */
  readonly regex?: string;
}

export interface VirtualServiceHttpRoute {
  /** A cluster `outbound|PORT|SUBSET|HOST`. */
  readonly destination: VirtualServiceHttpRouteDestination;
  /** Shares of the sum; one draw a call, kept for its retries. */
  readonly weight?: number;
  /** After those of the route; remove, then set, then add. */
  readonly headers?: VirtualServiceHttpRouteHeaders;
}

export interface VirtualServiceHttpRouteDestination {
  /** A cluster `outbound|PORT|SUBSET|HOST`. */
  readonly host: string;
  /** A cluster `outbound|PORT|SUBSET|HOST`. */
  readonly subset?: string;
  /** Needed where the service has several. */
  readonly port?: VirtualServiceHttpRouteDestinationPort;
}

export interface VirtualServiceHttpRouteDestinationPort {
  /** Needed where the service has several. */
  readonly number: number;
}

export interface VirtualServiceHttpRouteHeaders {
  readonly request?: VirtualServiceHttpRouteHeadersRequest;
  readonly response?: VirtualServiceHttpRouteHeadersRequest;
}

export interface VirtualServiceHttpRouteHeadersRequest {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface VirtualServiceHttpRedirect {
  /** Answered by the caller's own process. */
  readonly uri?: string;
  /** Answered by the caller's own process. */
  readonly prefixRewrite?: string;
  /** Answered by the caller's own process. */
  readonly authority?: string;
  /** Answered by the caller's own process. */
  readonly scheme?: string;
  /** Answered by the caller's own process. */
  readonly port?: number;
  /** Answered by the caller's own process. */
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
  /** Answered by the caller's own process. */
  readonly redirectCode?: number;
}

export interface VirtualServiceHttpDirectResponse {
  /** Answered by the caller's own process; at most 1 MiB. */
  readonly status: number;
  readonly body?: VirtualServiceHttpDirectResponseBody;
}

export interface VirtualServiceHttpDirectResponseBody {
  /** Answered by the caller's own process; at most 1 MiB. */
  readonly string?: string;
  /** Answered by the caller's own process; at most 1 MiB. */
  readonly bytes?: string;
}

export interface VirtualServiceHttpDelegate {
  /** Refused: delegation is not there yet. */
  readonly name?: string;
  /** Refused: delegation is not there yet. */
  readonly namespace?: string;
}

export interface VirtualServiceHttpRewrite {
  /** Prefix or whole path, RE2 with back references, authority. */
  readonly uri?: string;
  /** Prefix or whole path, RE2 with back references, authority. */
  readonly authority?: string;
  readonly uriRegexRewrite?: VirtualServiceHttpRewriteUriRegexRewrite;
}

export interface VirtualServiceHttpRewriteUriRegexRewrite {
  /** Prefix or whole path, RE2 with back references, authority. */
  readonly match?: string;
  /** Prefix or whole path, RE2 with back references, authority. */
  readonly rewrite?: string;
}

export interface VirtualServiceHttpRetries {
  /** Retries, not attempts; 0 switches them off; p-retry runs what follows a first failure. */
  readonly attempts?: number;
  /** Of one attempt. */
  readonly perTryTimeout?: string;
  /** Partly: all of Istio's words; `retriable-headers` and `http3-post-connect-failure` never hold. */
  readonly retryOn?: string;
  /** Refused: endpoints have no order by locality yet; `false` is accepted. */
  readonly retryRemoteLocalities?: boolean;
  /** Default true, false where the cluster is sticky. */
  readonly retryIgnorePreviousHosts?: boolean;
  /** Longest first wait, full jitter; capped at ten times as much; default 25 ms. */
  readonly backoff?: string;
}

export interface VirtualServiceHttpFault {
  readonly delay?: VirtualServiceHttpFaultDelay;
  readonly abort?: VirtualServiceHttpFaultAbort;
}

export interface VirtualServiceHttpFaultDelay {
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
  /** Deprecated; `percentage.value` wins. */
  readonly percent?: number;
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly fixedDelay?: string;
  /** Refused: as in Istio. */
  readonly exponentialDelay?: string;
}

export interface VirtualServiceHttpFaultDelayPercentage {
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly value?: number;
}

export interface VirtualServiceHttpFaultAbort {
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly httpStatus?: number;
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly grpcStatus?: string;
  /** Refused: as in Istio. */
  readonly http2Error?: string;
}

export interface VirtualServiceHttpMirror {
  readonly destination?: VirtualServiceHttpRouteDestination;
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
}

export interface VirtualServiceHttpCorsPolicy {
  readonly allowOrigins?: readonly VirtualServiceStringMatch[];
  readonly allowOrigin?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Preflights are answered, and responses say who may read them, on the way out. */
  readonly maxAge?: string;
  /** Preflights are answered, and responses say who may read them, on the way out. */
  readonly allowCredentials?: boolean;
  /** Preflights are answered, and responses say who may read them, on the way out. */
  readonly unmatchedPreflights?: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE';
}

export interface VirtualServiceTls {
  readonly match?: readonly VirtualServiceTlsMatch[];
  readonly route?: readonly VirtualServiceTlsRoute[];
}

export interface VirtualServiceTlsMatch {
  readonly sniHosts?: readonly string[];
  readonly destinationSubnets?: readonly string[];
  /** Refused: calls are HTTP; TLS routing is not there yet. */
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Refused: calls are HTTP; TLS routing is not there yet. */
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

export interface VirtualServiceTlsRoute {
  readonly destination: VirtualServiceHttpRouteDestination;
  /** Refused: calls are HTTP; TLS routing is not there yet. */
  readonly weight?: number;
}

export interface VirtualServiceTcp {
  readonly match?: readonly VirtualServiceTcpMatch[];
  readonly route?: readonly VirtualServiceTlsRoute[];
}

export interface VirtualServiceTcpMatch {
  readonly destinationSubnets?: readonly string[];
  /** Refused: TCP routing is not there yet. */
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Refused: TCP routing is not there yet. */
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
  /** Refused: TCP routing is not there yet. */
  readonly sourceSubnet?: string;
}
