/**
 * What becomes of exchanges under the policies of Istio's own documentation, and that every answer has the shape of the contract.
 * @source Istio `security/v1beta1/authorization_policy.proto` and `peer_authentication.proto` (examples), tasks/security/authorization
 */
import { allowed, authorize, denied, from, policy, row } from './explain-inbound.test.helper.js';

const HTTPBIN = authorize(
  'httpbin',
  `{ selector: { matchLabels: { app: httpbin, version: v1 } }, action: ALLOW, rules: [{ from: [{ source: { principals: [cluster.local/ns/default/sa/curl] } }, { source: { namespaces: [test] } }], to: [{ operation: { methods: [GET], paths: ["/info*"] } }, { operation: { methods: [POST], paths: [/data] } }], when: [{ key: "request.auth.claims[iss]", values: ["https://accounts.google.com"] }] }] }`,
);
const claims = { iss: 'https://accounts.google.com', sub: 'x' };
row('from, to and when all hold', HTTPBIN, { claims }, allowed('foo/httpbin'));
row(
  'the second of from and of to',
  HTTPBIN,
  { claims, method: 'POST', path: '/data', ...from('cluster.local/ns/test/sa/any') },
  allowed('foo/httpbin'),
);
row('no token', HTTPBIN, {}, denied(null));
row('another issuer', HTTPBIN, { claims: { iss: 'x' } }, denied(null));
row('another path', HTTPBIN, { claims, path: '/data' }, denied(null));
row('another namespace', HTTPBIN, { claims, ...from('cluster.local/ns/other/sa/curl') }, denied(null));
row('a peer without identity', HTTPBIN, { claims, ...from(null) }, denied(null));
row(
  'another workload',
  HTTPBIN,
  { workload: { namespace: 'foo', labels: { app: 'other' }, service: 'other' } },
  allowed(null),
);
row(
  'another namespace of workloads',
  HTTPBIN,
  { workload: { namespace: 'bar', labels: { app: 'httpbin', version: 'v1' }, service: 'x' } },
  allowed(null),
);

const DENY_POST = authorize(
  'httpbin-deny',
  '{ selector: { matchLabels: { app: httpbin } }, action: DENY, rules: [{ from: [{ source: { namespaces: [dev] } }], to: [{ operation: { methods: [POST] } }] }] }',
);
row(
  'what is denied',
  DENY_POST,
  { method: 'POST', ...from('cluster.local/ns/dev/sa/x') },
  denied('foo/httpbin-deny'),
);
row('what is not denied', DENY_POST, { method: 'GET', ...from('cluster.local/ns/dev/sa/x') }, allowed(null));
row(
  'denying goes before allowing',
  DENY_POST + authorize('all', '{ rules: [{}] }'),
  { method: 'POST', ...from('cluster.local/ns/dev/sa/x') },
  denied('foo/httpbin-deny'),
);
row('allowing what is not denied', DENY_POST + authorize('all', '{ rules: [{}] }'), {}, allowed('foo/all'));

row('no policy', '', {}, allowed(null));
row('a policy that allows nothing', authorize('allow-nothing', '{}'), {}, denied(null));
row(
  'a policy that allows everything',
  authorize('allow-all', '{ action: ALLOW, rules: [{}] }'),
  {},
  allowed('foo/allow-all'),
);
row(
  'a policy that denies everything',
  authorize('deny-all', '{ action: DENY, rules: [{}] }'),
  {},
  denied('foo/deny-all'),
);
row(
  'a policy of the root namespace',
  authorize('deny-all', '{ action: DENY, rules: [{}] }', 'istio-system'),
  {},
  denied('istio-system/deny-all'),
);
row(
  'a path that is not excepted',
  authorize('not-healthz', '{ action: DENY, rules: [{ to: [{ operation: { notPaths: [/healthz] } }] }] }'),
  { path: '/x' },
  denied('foo/not-healthz'),
);
row(
  'a path that is excepted',
  authorize('not-healthz', '{ action: DENY, rules: [{ to: [{ operation: { notPaths: [/healthz] } }] }] }'),
  { path: '/healthz' },
  allowed(null),
);
row(
  'the second rule',
  authorize(
    'two',
    '{ rules: [{ to: [{ operation: { methods: [PUT] } }] }, { to: [{ operation: { hosts: ["httpbin.foo*"] } }] }] }',
  ),
  {},
  allowed('foo/two', 1),
);

const IPS = authorize(
  'ips',
  '{ rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/24] } }] }, { from: [{ source: { remoteIpBlocks: [203.0.113.7] } }] }] }',
);
row('an address of the peer', IPS, {}, allowed('foo/ips', 0));
row('a first address', IPS, { ...from(null, '10.9.9.9'), remoteIp: '203.0.113.7' }, allowed('foo/ips', 1));
row('no first address: it is that of the peer', IPS, from(null, '203.0.113.7'), allowed('foo/ips', 1));
row('neither address', IPS, from(null, '10.9.9.9'), denied(null));

const NO_TOKEN = authorize(
  'require-jwt',
  '{ action: DENY, rules: [{ from: [{ source: { notRequestPrincipals: ["*"] } }] }] }',
);
row('a token is asked for and is missing', NO_TOKEN, {}, denied('foo/require-jwt'));
row('a token is asked for and is there', NO_TOKEN, { claims }, allowed(null));

row(
  'what is watched',
  authorize('watch', '{ action: AUDIT, rules: [{ to: [{ operation: { paths: ["/info*"] } }] }] }'),
  {},
  { ...allowed(null), audited: ['foo/watch'] },
);
row(
  'what is watched and denied',
  authorize('watch', '{ action: AUDIT, rules: [{}] }') + authorize('deny', '{ action: DENY, rules: [{}] }'),
  {},
  { ...denied('foo/deny'), audited: ['foo/watch'] },
);

const STRICT = policy('PeerAuthentication', 'default', '{ mtls: { mode: STRICT } }');
const BUT_8000 = policy(
  'PeerAuthentication',
  'httpbin',
  '{ selector: { matchLabels: { app: httpbin } }, mtls: { mode: STRICT }, portLevelMtls: { 8000: { mode: DISABLE } } }',
);
row('plain text to a strict namespace', STRICT, from(null), denied(null));
row('mutual TLS to a strict namespace', STRICT, {}, allowed(null));
row('plain text to a port that is an exception', STRICT + BUT_8000, from(null), allowed(null));
row('plain text to another port', STRICT + BUT_8000, { port: 8001, ...from(null) }, denied(null));
