/**
 * Every key that a rule can look at, negations, connections that are not HTTP, CUSTOM, and former names of the trust domain.
 * @source Istio `security/v1beta1/authorization_policy.proto`, docs `reference/config/security/conditions`, tasks/security/authorization
 */
import type { InboundQuestion } from './explain-inbound.js';
import { allowed, authorize, denied, from, row } from './explain-inbound.test.helper.js';

const when = (key: string, values: string) =>
  authorize('when', `{ rules: [{ when: [{ key: "${key}", ${values} }] }] }`);
const claims = {
  iss: 'https://issuer.example',
  sub: 'alice',
  aud: ['a', 'b'],
  azp: 'web',
  groups: ['staff', 'admin'],
  nested: { key: { deep: 'x' } },
};

const KEYS: readonly (readonly [
  key: string,
  good: string,
  bad: string,
  exchange?: Partial<InboundQuestion>,
])[] = [
  ['request.headers[X-Team]', 'red', 'blue', { headers: { 'x-team': 'red' } }],
  ['request.headers[X-Team]', 're*', 'bl*', { headers: { 'x-team': 'red' } }],
  ['request.headers[X-Team]', '*', 'blue', { headers: { 'x-team': 'red' } }],
  ['request.headers[:method]', 'GET', 'POST'],
  ['request.headers[:authority]', 'httpbin.foo:8000', 'httpbin.foo'],
  ['source.ip', '10.0.0.0/24', '10.0.1.0/24'],
  ['remote.ip', '203.0.113.7', '10.0.0.1', { remoteIp: '203.0.113.7' }],
  ['source.namespace', 'default', 'other'],
  ['source.principal', 'cluster.local/ns/default/sa/curl', 'cluster.local/ns/default/sa/wget'],
  ['source.serviceAccount', 'default/curl', 'curl'],
  ['source.trustDomain', 'cluster.local', 'other.example'],
  ['source.trustDomain', 'cluster.*', '*.example'],
  ['request.auth.principal', 'https://issuer.example/alice', 'https://issuer.example/bob', { claims }],
  ['request.auth.principal', 'https://issuer.example/*', 'https://*', { claims }],
  ['request.auth.audiences', 'b', 'c', { claims }],
  ['request.auth.presenter', 'web', 'app', { claims }],
  ['request.auth.claims[groups]', 'admin', 'root', { claims }],
  ['request.auth.claims[nested][key][deep]', 'x', 'y', { claims }],
  ['destination.ip', '10.9.9.0/24', '10.8.0.0/16', { localIp: '10.9.9.9' }],
  ['destination.port', '8000', '8001'],
  ['connection.sni', '*.foo.svc.cluster.local', 'other', { sni: 'httpbin.foo.svc.cluster.local' }],
];
for (const [key, good, bad, exchange = {}] of KEYS) {
  row(`${key} is ${good}`, when(key, `values: ["${good}"]`), exchange, allowed('foo/when'));
  row(`${key} is not ${bad}`, when(key, `values: ["${bad}"]`), exchange, denied(null));
  row(`${key} is not one not to have`, when(key, `notValues: ["${bad}"]`), exchange, allowed('foo/when'));
  row(`${key} is one not to have`, when(key, `notValues: ["${good}"]`), exchange, denied(null));
  row(
    `${key} is one of those to have and not to have`,
    when(key, `values: ["${good}"], notValues: ["${good}"]`),
    exchange,
    denied(null),
  );
}

row('a header that is absent', when('request.headers[end-user]', 'values: [jason]'), {}, denied(null), {
  step: /rule 0 of foo\/when \(ALLOW\) does not match: header end-user is absent, not one of jason/,
});
row(
  'a header that is absent, as it should',
  when('request.headers[end-user]', 'notValues: [jason]'),
  {},
  allowed('foo/when'),
);
row('a claim that is absent', when('request.auth.claims[x][y]', 'values: ["*"]'), { claims }, denied(null));

const field = (place: 'from' | 'to', text: string, action = 'ALLOW') =>
  authorize(
    'rule',
    `{ action: ${action}, rules: [{ ${place}: [{ ${place === 'from' ? 'source' : 'operation'}: { ${text} } }] }] }`,
  );
row('anyone who proves who it is', field('from', 'principals: ["*"]'), {}, allowed('foo/rule'));
row('anyone, but in plain text', field('from', 'principals: ["*"]'), from(null), denied(null));
row('nobody who proves who it is', field('from', 'notPrincipals: ["*"]'), from(null), allowed('foo/rule'));
row('a host of another case', field('to', 'hosts: ["HTTPBIN.foo:8000"]'), {}, allowed('foo/rule'));
row('a host without its port', field('to', 'hosts: ["httpbin.foo"]'), {}, denied(null));
row('a host with any port', field('to', 'hosts: ["httpbin.foo:*"]'), {}, allowed('foo/rule'));
row('a path of a template', field('to', 'paths: ["/a/{*}/c"]'), { path: '/a/b/c?d=e' }, allowed('foo/rule'));
row('a path of another depth', field('to', 'paths: ["/a/{*}/c"]'), { path: '/a/b/b/c' }, denied(null));
row('any depth', field('to', 'paths: ["/a/{**}"]'), { path: '/a/b/b/c' }, allowed('foo/rule'));
row('a method not to have', field('to', 'notMethods: [GET]'), {}, denied(null));
row('a port not to have', field('to', 'notPorts: ["8000"]'), {}, denied(null));

const TCP = { protocol: 'tcp' } as const;
row('TCP: allowing by HTTP never matches', field('to', 'paths: ["/*"]'), TCP, denied(null), {
  step: /it asks for HTTP, and this connection is not HTTP/,
});
row('TCP: allowing by ports', field('to', 'ports: ["8000"]'), TCP, allowed('foo/rule'));
row('TCP: allowing by ports and methods', field('to', 'ports: ["8000"], methods: [GET]'), TCP, denied(null));
row('TCP: denying by HTTP denies all', field('to', 'paths: [/x]', 'DENY'), TCP, denied('foo/rule'), {
  step: /what it asks of HTTP is left out for TCP/,
});
row(
  'TCP: denying by ports and HTTP denies the port',
  field('to', 'ports: ["8000"], methods: [X]', 'DENY'),
  TCP,
  denied('foo/rule'),
);
row('TCP: denying another port', field('to', 'ports: ["9"], methods: [X]', 'DENY'), TCP, allowed(null));
row(
  'TCP: denying by tokens denies all',
  field('from', 'requestPrincipals: [x]', 'DENY'),
  TCP,
  denied('foo/rule'),
);
row(
  'TCP: a principal',
  field('from', 'principals: [cluster.local/ns/default/sa/curl]'),
  TCP,
  allowed('foo/rule'),
);
row('TCP: allowing nothing', authorize('nothing', '{}'), TCP, denied(null));

const CUSTOM = authorize(
  'ext',
  '{ action: CUSTOM, provider: { name: opa }, rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }] }',
);
row('CUSTOM refuses what it matches', CUSTOM, { path: '/admin/x' }, denied('foo/ext'), {
  step: /no provider 'opa' is known/,
});
const OPA = `---
apiVersion: heddle.dev/v1
kind: MeshConfig
metadata: { name: mesh, namespace: istio-system }
spec:
  extensionProviders:
    - name: opa
      envoyExtAuthzHttp: { service: opa.example, port: 8181, pathPrefix: /check }
`;
row('CUSTOM says what it would ask', CUSTOM + OPA, { path: '/admin/x' }, allowed(null), {
  step: /CUSTOM asks opa: GET http:\/\/opa\.example:8181\/check\/admin\/x with .*; what follows holds if it answers 200/,
});
row(
  'CUSTOM of two providers asks neither',
  CUSTOM.replaceAll('ext', 'other').replace('opa', 'second') + CUSTOM + OPA,
  { path: '/admin/x' },
  denied('foo/ext'),
);
row('CUSTOM leaves alone what it does not match', CUSTOM, {}, allowed(null));
row(
  'CUSTOM goes before ALLOW',
  CUSTOM + authorize('all', '{ rules: [{}] }'),
  { path: '/admin' },
  denied('foo/ext'),
);
row(
  'CUSTOM goes before DENY',
  authorize('none', '{ action: DENY, rules: [{}] }') + CUSTOM,
  { path: '/admin' },
  denied('foo/ext'),
);
row('CUSTOM on TCP is wider, too', CUSTOM, TCP, denied('foo/ext'));

const OLD = { trustDomain: 'new.example', trustDomainAliases: ['old.example'] };
const OLD_NAME = field('from', 'principals: [old.example/ns/default/sa/curl]');
row(
  'a peer of the new name, policy of the old one',
  OLD_NAME,
  from('new.example/ns/default/sa/curl'),
  allowed('foo/rule'),
  OLD,
);
row(
  'a peer of the old name, policy of the new one',
  field('from', 'principals: [new.example/ns/default/sa/curl]'),
  from('old.example/ns/default/sa/curl'),
  allowed('foo/rule'),
  OLD,
);
row(
  'a trust domain by its old name',
  field('from', 'trustDomains: [old.example]'),
  from('new.example/ns/a/sa/b'),
  allowed('foo/rule'),
  OLD,
);
row('a name that was never ours', OLD_NAME, from('other.example/ns/default/sa/curl'), denied(null), OLD);
row('an old name that nobody told of', OLD_NAME, from('new.example/ns/default/sa/curl'), denied(null), {
  trustDomain: 'new.example',
});

const ADMIN = field('to', 'paths: [/admin]', 'DENY');
for (const [pathNormalization, path, open] of [
  ['NONE', '/a/../admin', true],
  ['BASE', '/a/../admin', false],
  ['BASE', '//admin', true],
  ['MERGE_SLASHES', '//admin', false],
  ['MERGE_SLASHES', '/%2fadmin', true],
  ['DECODE_AND_MERGE_SLASHES', '/%2fadmin', false],
] as const)
  row(`${path} under ${pathNormalization}`, ADMIN, { path }, open ? allowed(null) : denied('foo/rule'), {
    pathNormalization,
  });
