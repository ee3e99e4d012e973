import { type Notes, yes } from '../note.js';

/** Of a policy test, which is not policy. */
export const policyTestNotes: Notes = {
  'mesh.trustDomain': yes('of the mesh', { default: 'cluster.local' }),
  'mesh.outboundTrafficPolicy': yes('what becomes of calls to unknown hosts', { default: 'REGISTRY_ONLY' }),
  'cases[].name': yes('for people, and for `--filter`'),
  'cases[].call': yes('what is asked: what becomes of this call out?'),
  'cases[].call.from': yes(
    'who calls: a service, `namespace/service`, or `service`, `namespace`, `labels`, `gateway`; its label `app` is the service, as in a process',
  ),
  'cases[].call.method': yes('of the request', { default: 'GET' }),
  'cases[].call.url': yes('`http://reviews:9080/path`; without a scheme it is http'),
  'cases[].call.headers': yes('of the request; several values are a list'),
  'cases[].call.random': yes(
    'from 0 up to 1, used for every draw; left out: nothing is drawn, only what is certain happens',
  ),
  'cases[].exchange': yes('what is asked: may this exchange come in?'),
  'cases[].exchange.to': yes(
    'whom it reaches: `reviews:9080`, `shop/reviews`, or `service`, `namespace`, `labels`',
  ),
  'cases[].exchange.port': yes('that it reaches, if `to` does not say it'),
  'cases[].exchange.from': yes(
    'the identity that the peer proves: a service account, `namespace/account`, or a principal; left out: none (plain text)',
  ),
  'cases[].exchange.ip': yes('of the peer'),
  'cases[].exchange.remoteIp': yes("of the client, as `x-forwarded-for` tells it; left out: the peer's"),
  'cases[].exchange.method': yes('of the request', { default: 'GET' }),
  'cases[].exchange.authority': yes('left out: the service and the port'),
  'cases[].exchange.path': yes('with its query', { default: '/' }),
  'cases[].exchange.headers': yes('of the request'),
  'cases[].exchange.claims': yes('of its token, taken as verified'),
  'cases[].exchange.protocol': yes('`http` or `tcp`', { default: 'http' }),
  'cases[].expect': yes('what must be so; what is left out may be anything'),
  'cases[].expect.outcome': yes(
    '`route`, `redirect`, `directResponse`, `abort`, `noRoute` or `blocked`; with `to` or `shares` it is `route` unless given',
  ),
  'cases[].expect.to': yes(
    'where every such call goes: `reviews`, `reviews v2`, `reviews:9080 v2`, or `host`, `subset`, `port`',
  ),
  'cases[].expect.shares': yes(
    'of the calls by subset, host or both, in any unit: `{ v1: 80, v2: 20 }`; all that takes calls must be named',
  ),
  'cases[].expect.virtualService': yes('name or `namespace/name` of the one that decides; `none`'),
  'cases[].expect.route': yes('its route, by name or by place from 0'),
  'cases[].expect.status': yes('of an answer that the mesh gives itself; of an exchange 200, 401 or 403'),
  'cases[].expect.location': yes('of a redirect'),
  'cases[].expect.body': yes('of a direct response'),
  'cases[].expect.timeout': yes('of the whole call; `none`'),
  'cases[].expect.retries': yes('how many, or `attempts`, `perTryTimeout`, `on`; `none`'),
  'cases[].expect.fault': yes('`delay`, `abort` (HTTP or gRPC status); `none`'),
  'cases[].expect.mirrors': yes('all of them, each as `to`, or with its `percent`'),
  'cases[].expect.method': yes('as it is sent'),
  'cases[].expect.authority': yes('as it is sent, after rewriting'),
  'cases[].expect.path': yes('as it is sent, after rewriting'),
  'cases[].expect.headers': yes('as they are sent; `null`: it is not there'),
  'cases[].expect.responseHeaders': yes('what is done to those of the response: `set`, `add`, `remove`'),
  'cases[].expect.decision': yes('`allow` or `deny`; `expect: allow` is short for it'),
  'cases[].expect.policy': yes('name or `namespace/name` of the AuthorizationPolicy that decides; `none`'),
  'cases[].expect.rule': yes('its rule, from 0'),
  'cases[].expect.audited': yes('the AUDIT policies that match'),
};
