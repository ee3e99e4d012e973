// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a VirtualService says. */
export interface VirtualServiceSpec {
  /**
   * Names in the mesh or outside; `*` may begin the first label; short names belong to the namespace of the
   * resource; a delegate has none.
   */
  readonly hosts?: readonly string[];
  /**
   * Partly: `mesh` (the default) is every workload; other gateways are for `analyze` and `explain`: there is
   * no gateway process yet.
   */
  readonly gateways?: readonly string[];
  /** Tried in order; the first that matches decides. */
  readonly http?: readonly VirtualServiceHttp[];
  /** For TLS that is passed on as it is: connections of `mesh.connect` with `sni`. */
  readonly tls?: readonly VirtualServiceTls[];
  /** For connections of `mesh.connect`. */
  readonly tcp?: readonly VirtualServiceTcp[];
  /** `.`, `*` or names of namespaces: who may use it. Default: *. */
  readonly exportTo?: readonly string[];
}

export interface VirtualServiceHttp {
  /** In explanations and spans. */
  readonly name?: string;
  /** One entry must hold; of an entry, everything. */
  readonly match?: readonly VirtualServiceHttpMatch[];
  /** Where calls go; several share them by weight. */
  readonly route?: readonly VirtualServiceHttpRoute[];
  /** Answered by the caller's own process. */
  readonly redirect?: VirtualServiceHttpRedirect;
  /** Answered by the caller's own process. */
  readonly directResponse?: VirtualServiceHttpDirectResponse;
  /** A VirtualService without hosts whose rules stand here, narrowed by this match. */
  readonly delegate?: VirtualServiceHttpDelegate;
  /** Of what is sent. */
  readonly rewrite?: VirtualServiceHttpRewrite;
  /**
   * Of the whole call, retries included; the smaller of it, the caller's own, and what is left of the
   * exchange being served.
   */
  readonly timeout?: string;
  /** Left out: two, where nothing was sent or it may be repeated. */
  readonly retries?: VirtualServiceHttpRetries;
  /** Drawn once a call, delay before abort, before any state is touched. */
  readonly fault?: VirtualServiceHttpFault;
  /** A copy a call, not a retry; its answer is thrown away. */
  readonly mirror?: VirtualServiceHttpRouteDestination;
  /** Of the calls. */
  readonly mirrorPercentage?: VirtualServiceHttpFaultDelayPercentage;
  /** Deprecated; `mirrorPercentage.value` wins. */
  readonly mirrorPercent?: number;
  /** Refused: an old spelling; write `mirrorPercentage.value`. */
  readonly mirror_percent?: number;
  /** Each drawn on its own. */
  readonly mirrors?: readonly VirtualServiceHttpMirror[];
  /** Preflights are answered, and responses say who may read them, on the way out. */
  readonly corsPolicy?: VirtualServiceHttpCorsPolicy;
  /** Of requests and responses: remove, then set, then add. */
  readonly headers?: VirtualServiceHttpRouteHeaders;
}

export interface VirtualServiceHttpMatch {
  /** A label for people. */
  readonly name?: string;
  /** The path without its query: exact, prefix or RE2. */
  readonly uri?: VirtualServiceStringMatch;
  /** `http` or `https`. */
  readonly scheme?: VirtualServiceStringMatch;
  /** As it is sent: `GET`. */
  readonly method?: VirtualServiceStringMatch;
  /** The host and port that are called. */
  readonly authority?: VirtualServiceStringMatch;
  /**
   * By name; an empty match asks for presence; `@request.auth.claims.NAME` asks for claims of the token of
   * the exchange being served.
   */
  readonly headers?: Readonly<Record<string, VirtualServiceStringMatch>>;
  /** By name; one that matches rules the entry out. */
  readonly withoutHeaders?: Readonly<Record<string, VirtualServiceStringMatch>>;
  /** By name; the first value counts. */
  readonly queryParams?: Readonly<Record<string, VirtualServiceStringMatch>>;
  /** That is called. */
  readonly port?: number;
  /** All of them on the caller. */
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Of the caller. */
  readonly sourceNamespace?: string;
  /** Partly: as `gateways` above. */
  readonly gateways?: readonly string[];
  /** For exact and prefix matches of `uri`. */
  readonly ignoreUriCase?: boolean;
  /** Partly: told as HDL0006, without effect: metrics have no such label. */
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
  /** Of a service; short names belong to the namespace of the resource. */
  readonly host: string;
  /** Of a DestinationRule for the host. */
  readonly subset?: string;
  readonly port?: VirtualServiceHttpRouteDestinationPort;
}

export interface VirtualServiceHttpRouteDestinationPort {
  /** Needed where the service has several. */
  readonly number: number;
}

export interface VirtualServiceHttpRouteHeaders {
  /** What is sent. */
  readonly request?: VirtualServiceHttpRouteHeadersRequest;
  /** What the caller sees. */
  readonly response?: VirtualServiceHttpRouteHeadersRequest;
}

export interface VirtualServiceHttpRouteHeadersRequest {
  /** Replaced by these; Envoy's `%VARIABLES%` are filled in. */
  readonly set?: Readonly<Record<string, string>>;
  /** Added to what is there. */
  readonly add?: Readonly<Record<string, string>>;
  /** By name. */
  readonly remove?: readonly string[];
}

export interface VirtualServiceHttpRedirect {
  /** The whole path. */
  readonly uri?: string;
  /** In place of the prefix that matched. */
  readonly prefixRewrite?: string;
  /** Left out: as it was called. */
  readonly authority?: string;
  /** Left out: as it was called. */
  readonly scheme?: string;
  /** Left out: see `derivePort`. */
  readonly port?: number;
  /** Of the protocol, or as it was called. Default: FROM_PROTOCOL_DEFAULT. */
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
  /** 301, 302, 303, 307 or 308. Default: 301. */
  readonly redirectCode?: number;
}

export interface VirtualServiceHttpDirectResponse {
  /** Of the answer. */
  readonly status: number;
  /** Of the answer. */
  readonly body?: VirtualServiceHttpDirectResponseBody;
}

export interface VirtualServiceHttpDirectResponseBody {
  /** At most 1 MiB. */
  readonly string?: string;
  /** Partly: in base64; refused if it is not text in UTF-8. */
  readonly bytes?: string;
}

export interface VirtualServiceHttpDelegate {
  /** Of the VirtualService. */
  readonly name?: string;
  /** Left out: that of the resource. */
  readonly namespace?: string;
}

export interface VirtualServiceHttpRewrite {
  /** In place of the prefix or the path that matched. */
  readonly uri?: string;
  /** As it is sent. */
  readonly authority?: string;
  /** Of the path. */
  readonly uriRegexRewrite?: VirtualServiceHttpRewriteUriRegexRewrite;
}

export interface VirtualServiceHttpRewriteUriRegexRewrite {
  /** RE2 of the path. */
  readonly match?: string;
  /** With `\1` for groups. */
  readonly rewrite?: string;
}

export interface VirtualServiceHttpRetries {
  /** Retries, not attempts; 0 switches them off; p-retry runs what follows a first failure. */
  readonly attempts?: number;
  /** Of one attempt. */
  readonly perTryTimeout?: string;
  /**
   * Partly: all of Istio's words and status codes; `retriable-headers` and `http3-post-connect-failure` never
   * hold.
   */
  readonly retryOn?: string;
  /** Every other retry leaves the localities that were tried. */
  readonly retryRemoteLocalities?: boolean;
  /** Retries avoid endpoints that were tried; false where the cluster is sticky. Default: true. */
  readonly retryIgnorePreviousHosts?: boolean;
  /** Longest first wait, full jitter; capped at ten times as much. Default: 25ms. */
  readonly backoff?: string;
}

export interface VirtualServiceHttpFault {
  /** Before the call. */
  readonly delay?: VirtualServiceHttpFaultDelay;
  /** In place of the call. */
  readonly abort?: VirtualServiceHttpFaultAbort;
}

export interface VirtualServiceHttpFaultDelay {
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
  /** Deprecated; `percentage.value` wins. */
  readonly percent?: number;
  /** Before the call is made. */
  readonly fixedDelay?: string;
  /** Partly: an error, as in Istio. */
  readonly exponentialDelay?: string;
}

export interface VirtualServiceHttpFaultDelayPercentage {
  /** Of the calls. Default: 100. */
  readonly value?: number;
}

export interface VirtualServiceHttpFaultAbort {
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
  /** That the caller sees. */
  readonly httpStatus?: number;
  /** By its name, e.g. `UNAVAILABLE`. */
  readonly grpcStatus?: string;
  /** Partly: an error, as in Istio. */
  readonly http2Error?: string;
}

export interface VirtualServiceHttpMirror {
  /** Where the copy goes. */
  readonly destination?: VirtualServiceHttpRouteDestination;
  readonly percentage?: VirtualServiceHttpFaultDelayPercentage;
}

export interface VirtualServiceHttpCorsPolicy {
  /** One of these. */
  readonly allowOrigins?: readonly VirtualServiceStringMatch[];
  /** Deprecated; exact origins. */
  readonly allowOrigin?: readonly string[];
  /** In answers to preflights. */
  readonly allowMethods?: readonly string[];
  /** In answers to preflights. */
  readonly allowHeaders?: readonly string[];
  /** That a page may read. */
  readonly exposeHeaders?: readonly string[];
  /** How long an answer to a preflight holds. */
  readonly maxAge?: string;
  /** Whether requests may carry them. */
  readonly allowCredentials?: boolean;
  /** Of other origins: sent on, or answered without permission. Default: FORWARD. */
  readonly unmatchedPreflights?: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE';
}

export interface VirtualServiceTls {
  readonly match?: readonly VirtualServiceTlsMatch[];
  /** Where connections go; several share them by weight. */
  readonly route?: readonly VirtualServiceTlsRoute[];
}

export interface VirtualServiceTlsMatch {
  /** Names that the client asks for; each is one of `hosts` or within it. */
  readonly sniHosts?: readonly string[];
  /** Addresses that are called: the one that was named, or `destinationIp`. */
  readonly destinationSubnets?: readonly string[];
  /** That is called. */
  readonly port?: number;
  /** All of them on the caller. */
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Of the caller. */
  readonly sourceNamespace?: string;
  /** As `gateways` above. */
  readonly gateways?: readonly string[];
}

export interface VirtualServiceTlsRoute {
  /** A cluster `outbound|PORT|SUBSET|HOST`. */
  readonly destination: VirtualServiceHttpRouteDestination;
  /** Shares of the sum. */
  readonly weight?: number;
}

export interface VirtualServiceTcp {
  readonly match?: readonly VirtualServiceTcpMatch[];
  readonly route?: readonly VirtualServiceTlsRoute[];
}

export interface VirtualServiceTcpMatch {
  /** Addresses that are called: the one that was named, or `destinationIp`. */
  readonly destinationSubnets?: readonly string[];
  /** That is called. */
  readonly port?: number;
  /** All of them on the caller. */
  readonly sourceLabels?: Readonly<Record<string, string>>;
  /** Of the caller. */
  readonly sourceNamespace?: string;
  /** As `gateways` above. */
  readonly gateways?: readonly string[];
  /** Partly: told as HDL0006, without effect, as in Istio. */
  readonly sourceSubnet?: string;
}
