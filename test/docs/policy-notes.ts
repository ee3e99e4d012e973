/**
 * How each field of policy is carried out: the words of `docs/policy.md`. A note holds for the field at its path and for all below it that
 * have no longer one. A test holds that every field has a note, that no note is left over, and that what is noted as refused is.
 */
import type { Field } from './policy-fields.js';

export interface Note {
  /** `no`: a document that sets it is refused. */
  readonly supported: 'yes' | 'partly' | 'no';
  readonly how: string;
}

const yes = (how: string): Note => ({ supported: 'yes', how });
const partly = (how: string): Note => ({ supported: 'partly', how });
const no = (how: string): Note => ({ supported: 'no', how: `refused: ${how}` });

/** By kind, then by path. */
export const NOTES: Readonly<Record<string, Readonly<Record<string, Note>>>> = {
  VirtualService: {
    hosts: yes(
      'names in the mesh or outside; `*` may begin the first label; short names belong to the namespace of the resource',
    ),
    gateways: partly('`mesh` is carried out; gateways are known to `analyze` and `explain` only'),
    'http[].name': yes('in explanations and spans'),
    'http[].match[]': yes('all conditions of an entry must hold; one entry must'),
    'http[].match[].name': yes('a label for people'),
    'http[].match[].uri': yes('exact, prefix or RE2 of the path without its query'),
    'http[].match[].headers': yes(
      'an empty match asks for presence; claims of tokens (`@request.auth.claims`) are refused',
    ),
    'http[].match[].gateways': partly('as `gateways` above'),
    'http[].match[].statPrefix': partly('accepted, told as HDL0006; metrics have no such label'),
    'http[].route[].destination': yes('a cluster `outbound|PORT|SUBSET|HOST`'),
    'http[].route[].destination.port': yes('needed where the service has several'),
    'http[].route[].weight': yes('shares of the sum; one draw a call, kept for its retries'),
    'http[].route[].headers': yes('after those of the route; remove, then set, then add'),
    'http[].redirect': yes("answered by the caller's own process"),
    'http[].directResponse': yes("answered by the caller's own process; at most 1 MiB"),
    'http[].delegate': no('delegation is not there yet'),
    'http[].rewrite': yes('prefix or whole path, RE2 with back references, authority'),
    'http[].timeout': yes(
      "of the whole call, retries included; the smaller of it, the caller's own, and what is left of the exchange being served",
    ),
    'http[].retries.attempts': yes(
      'retries, not attempts; 0 switches them off; p-retry runs what follows a first failure',
    ),
    'http[].retries.perTryTimeout': yes('of one attempt'),
    'http[].retries.retryOn': partly(
      "all of Istio's words; `retriable-headers` and `http3-post-connect-failure` never hold",
    ),
    'http[].retries.retryRemoteLocalities': no(
      'endpoints have no order by locality yet; `false` is accepted',
    ),
    'http[].retries.retryIgnorePreviousHosts': yes('default true, false where the cluster is sticky'),
    'http[].retries.backoff': yes(
      'longest first wait, full jitter; capped at ten times as much; default 25 ms',
    ),
    'http[].fault': yes('drawn once a call, delay before abort, before any state is touched'),
    'http[].fault.delay.percent': yes('deprecated; `percentage.value` wins'),
    'http[].fault.delay.exponentialDelay': no('as in Istio'),
    'http[].fault.abort.http2Error': no('as in Istio'),
    'http[].mirror': yes('a copy a call, not a retry; its answer is thrown away'),
    'http[].mirrorPercentage': yes('default 100'),
    'http[].mirrorPercent': yes('deprecated'),
    'http[].mirrors[]': yes('each drawn on its own'),
    'http[].corsPolicy': yes('preflights are answered, and responses say who may read them, on the way out'),
    'http[].headers': yes('remove, then set, then add'),
    tls: no('calls are HTTP; TLS routing is not there yet'),
    tcp: no('TCP routing is not there yet'),
    exportTo: yes('`.`, `*` or names of namespaces'),
  },
  DestinationRule: {
    host: yes("the most specific rule, of the caller's namespace, then the service's, then the root's"),
    'trafficPolicy.loadBalancer.simple': partly(
      'LEAST_REQUEST (default, two choices), ROUND_ROBIN, RANDOM; PASSTHROUGH is refused',
    ),
    'trafficPolicy.loadBalancer.consistentHash': yes(
      'ring or Maglev; at random where nothing is named to hash',
    ),
    'trafficPolicy.loadBalancer.consistentHash.httpCookie': partly(
      "the caller's cookie is read; none is made for a caller without one",
    ),
    'trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes': no('no cookie is made'),
    'trafficPolicy.loadBalancer.consistentHash.useSourceIp': yes('of the exchange being served'),
    'trafficPolicy.loadBalancer.consistentHash.minimumRingSize': yes('deprecated'),
    'trafficPolicy.loadBalancer.localityLbSetting': no('locality is not there yet'),
    'trafficPolicy.loadBalancer.zoneAwareLbSetting': no('locality is not there yet'),
    'trafficPolicy.loadBalancer.backendUtilization': no('endpoints report no load yet'),
    'trafficPolicy.loadBalancer.warmup': yes('slow start, for LEAST_REQUEST and ROUND_ROBIN'),
    'trafficPolicy.loadBalancer.warmupDurationSecs': yes('deprecated'),
    'trafficPolicy.connectionPool.tcp.maxConnections': yes('of each endpoint, in each process'),
    'trafficPolicy.connectionPool.tcp.connectTimeout': yes('TCP and TLS together; default 10 s'),
    'trafficPolicy.connectionPool.tcp.tcpKeepalive': no('not there yet'),
    'trafficPolicy.connectionPool.tcp.maxConnectionDuration': no('not there yet'),
    'trafficPolicy.connectionPool.tcp.idleTimeout': yes('where `http.idleTimeout` is absent; 0 s is never'),
    'trafficPolicy.connectionPool.http.http1MaxPendingRequests': yes(
      'that wait for a connection, in each process',
    ),
    'trafficPolicy.connectionPool.http.http2MaxRequests': yes('active at once in each process, HTTP/1.1 too'),
    'trafficPolicy.connectionPool.http.maxRequestsPerConnection': yes('then the connection is replaced'),
    'trafficPolicy.connectionPool.http.maxRetries': yes('outstanding at once; a retry budget replaces it'),
    'trafficPolicy.connectionPool.http.idleTimeout': yes('default 1 h; less where the server says so'),
    'trafficPolicy.connectionPool.http.h2UpgradePolicy': partly(
      'DEFAULT and DO_NOT_UPGRADE; UPGRADE is refused',
    ),
    'trafficPolicy.connectionPool.http.useClientProtocol': no('`false` is accepted'),
    'trafficPolicy.connectionPool.http.maxConcurrentStreams': no('HTTP/2 is not there yet'),
    'trafficPolicy.connectionPool.http.http2KeepAlive': no('HTTP/2 is not there yet'),
    'trafficPolicy.outlierDetection': yes('per endpoint and process'),
    'trafficPolicy.outlierDetection.consecutiveErrors': partly(
      'accepted with a warning, without effect, as in Istio',
    ),
    'trafficPolicy.outlierDetection.outlierDetectionHttpErrorCodes': no('not there yet'),
    'trafficPolicy.outlierDetection.consecutive5xxErrors': yes('default 5; 0: off'),
    'trafficPolicy.outlierDetection.consecutiveGatewayErrors': yes('default off'),
    'trafficPolicy.outlierDetection.interval': yes(
      'between the sweeps that take endpoints back; default 10 s',
    ),
    'trafficPolicy.outlierDetection.baseEjectionTime': yes('grows with each further ejection; default 30 s'),
    'trafficPolicy.outlierDetection.maxEjectionPercent': yes(
      'default 10: a cluster of fewer than ten endpoints needs more, or none is ejected',
    ),
    'trafficPolicy.outlierDetection.minHealthPercent': yes(
      'below it all endpoints are picked from; default 0: never',
    ),
    'trafficPolicy.tls.mode': yes('left out: mesh identity with every endpoint that registered for it'),
    'trafficPolicy.tls.clientCertificate': yes('path of a PEM file on the workload'),
    'trafficPolicy.tls.privateKey': yes('path of a PEM file on the workload'),
    'trafficPolicy.tls.caCertificates': yes(
      "path of a PEM file on the workload; left out: the system's roots",
    ),
    'trafficPolicy.tls.credentialName': no('there is no secret store'),
    'trafficPolicy.tls.subjectAltNames': yes('the peer must prove one of them'),
    'trafficPolicy.tls.sni': yes(
      'sent as written; left out: none, and for the mesh a name made of port, subset and host',
    ),
    'trafficPolicy.tls.insecureSkipVerify': yes('SIMPLE and MUTUAL only'),
    'trafficPolicy.tls.caCrl': no('not there yet; mesh certificates live an hour instead'),
    'trafficPolicy.portLevelSettings[]': yes('replaces the blocks above, as a whole, for one port'),
    'trafficPolicy.tunnel': no('not there yet'),
    'trafficPolicy.proxyProtocol': no('not there yet'),
    'trafficPolicy.retryBudget': yes('share of active requests; default 20 %, at least 3 at once'),
    'trafficPolicy.retryBudget.budgetInterval': no('a budget has no memory yet'),
    'subsets[]': yes('endpoints with all of these labels'),
    exportTo: yes('`.`, `*` or names of namespaces'),
    workloadSelector: yes('which callers it is for, in its own namespace'),
  },
  ServiceEntry: {
    hosts: yes('full names, or `*.` names without look-up'),
    addresses: partly('checked; calls are told apart by host'),
    'ports[]': partly('calls are made to HTTP ports; others are known by name only'),
    location: yes('MESH_INTERNAL endpoints can have mesh identity'),
    resolution: partly(
      'NONE, STATIC, DNS, DNS_ROUND_ROBIN: names are looked up when connecting, with NONE that of the host itself; DYNAMIC_DNS is refused',
    ),
    'endpoints[]': yes('beside those that register'),
    'endpoints[].address': partly('IP address or name; `unix://` is refused'),
    'endpoints[].network': partly('accepted, told as HDL0006; there is one network'),
    'endpoints[].locality': partly('carried along; balancing does not read it yet'),
    'endpoints[].labels': yes('`security.istio.io/tlsMode: istio` says that it takes mutual TLS'),
    'endpoints[].serviceAccount': yes('the identity that it must prove'),
    workloadSelector: no('workloads register with their service by themselves'),
    exportTo: yes('`.`, `*`, `~` or names of namespaces'),
    subjectAltNames: yes('that TLS peers must prove'),
  },
  Service: {
    'ports[]': yes(
      'name, number and protocol (by `appProtocol`, else by the prefix of the name) of an HTTP service',
    ),
    'ports[].protocol': partly('UDP and SCTP ports are left out'),
    'ports[].targetPort': partly('numbers; endpoints that register bring their own port'),
  },
  PeerAuthentication: {
    selector: yes('of workloads in its own namespace'),
    'mtls.mode': yes('PERMISSIVE unless said otherwise; workload over namespace over mesh (`istio-system`)'),
    portLevelMtls: yes('by the port that the workload listens on'),
  },
  RequestAuthentication: {
    '': no('tokens are not checked yet, and a policy that protects nothing would be worse than none'),
  },
  AuthorizationPolicy: {
    selector: yes('of workloads in its own namespace; of all in `istio-system`'),
    targetRef: partly('accepted with a warning: for gateways and waypoints, never for a workload'),
    'targetRefs[]': partly('as `targetRef`'),
    'rules[].from[].source': yes("what the peer's certificate proves"),
    'rules[].from[].source.requestPrincipals': partly('tokens are not checked yet: matches nothing'),
    'rules[].from[].source.notRequestPrincipals': partly('tokens are not checked yet: matches everything'),
    'rules[].from[].source.ipBlocks': yes('address of the connection'),
    'rules[].from[].source.notIpBlocks': yes('address of the connection'),
    'rules[].from[].source.remoteIpBlocks': yes('by `x-forwarded-for`, as far as `HEDDLE_TRUSTED_HOPS` says'),
    'rules[].from[].source.notRemoteIpBlocks': yes('as `remoteIpBlocks`'),
    'rules[].to[].operation': yes(
      'of the normalized path, without its query; `*`, prefix, suffix and path templates',
    ),
    'rules[].when[]': partly("all of Istio's keys; those of tokens (`request.auth.*`) match nothing yet"),
    action: partly("ALLOW, DENY, AUDIT; CUSTOM is refused. Dry run by Istio's annotation"),
    provider: no('only CUSTOM has one'),
  },
  ResiliencePolicy: {
    host: yes("as a DestinationRule's"),
    exportTo: yes('`.`, `*`, `~` or names of namespaces'),
    'breaker.errorThresholdPercent': yes('opossum; default 50'),
    'breaker.volumeThreshold': yes('attempts in the window below which the circuit stays closed; default 10'),
    'breaker.window': yes('default 10 s'),
    'breaker.openDuration': yes('until one attempt may probe; default 5 s'),
    retryBudget: yes("wins over the DestinationRule's"),
  },
};

/** @throws Error for a field that nobody has described */
export function noteOf(kind: string, field: Field): Note {
  if (field.as !== undefined) {
    const own = NOTES[kind]?.[field.path];
    return own === undefined
      ? yes(`as \`${field.as}\``)
      : { ...own, how: `${own.how}; fields as \`${field.as}\`` };
  }
  const path = notePath(kind, field.path);
  if (path === undefined)
    throw new Error(`${kind}: '${field.path}' has no note in test/docs/policy-notes.ts`);
  return NOTES[kind]![path]!;
}

/** Path of the longest note that covers `field`. */
export function notePath(kind: string, field: string): string | undefined {
  const covers = (note: string) =>
    note === '' || field === note || (field.startsWith(note) && /^[.[]/.test(field.slice(note.length)));
  return Object.keys(NOTES[kind] ?? {})
    .filter(covers)
    .sort((a, b) => b.length - a.length)[0];
}
