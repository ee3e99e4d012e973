import { type Notes, no, partly, yes } from '../note.js';

export const virtualServiceNotes: Notes = {
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
  'http[].retries.retryRemoteLocalities': no('endpoints have no order by locality yet; `false` is accepted'),
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
};
