/**
 * PeerAuthentication and AuthorizationPolicy against Istio's own validation.
 * @source Istio `pkg/config/validation/validation_test.go` (TestValidatePeerAuthentication, TestValidateAuthorizationPolicy),
 *   `pkg/config/security/security_test.go`, `testdata/crds/{peerauth,authz}-*.yaml`
 */
import { table } from './table.test.helper.js';

const SELECTED = 'selector: { matchLabels: { app: a } }';

table('PeerAuthentication', [
  ['valid', 'nothing', '{}'],
  ['warning', 'a selector without labels', '{ selector: {} }'],
  ['valid', 'a selector', `{ ${SELECTED} }`],
  ['invalid', 'a list of no ports', `{ ${SELECTED}, portLevelMtls: {} }`],
  ['invalid', 'ports of everybody', '{ portLevelMtls: { 8080: { mode: UNSET } } }'],
  ['invalid', 'port 0', `{ ${SELECTED}, portLevelMtls: { 0: { mode: UNSET } } }`],
  ['invalid', 'a port too high', `{ ${SELECTED}, portLevelMtls: { 42949672: { mode: STRICT } } }`],
  ['invalid', 'a port that is no number', `{ ${SELECTED}, portLevelMtls: { acd: { mode: STRICT } } }`],
  ['invalid', 'a port of null', `{ ${SELECTED}, portLevelMtls: { 80: null } }`],
  ['valid', 'a mode that is unset', '{ mtls: { mode: UNSET } }'],
  ['invalid', 'a mode that does not exist', '{ mtls: { mode: BLAH } }'],
  [
    'valid',
    'a port',
    `{ ${SELECTED}, mtls: { mode: PERMISSIVE }, portLevelMtls: { 8080: { mode: STRICT } } }`,
  ],
]);

const GATEWAY = '{ group: gateway.networking.k8s.io, kind: Gateway, name: foo }';
const DENIES =
  'action: DENY, rules: [{ from: [{ source: { principals: [temp] } }], to: [{ operation: { ports: ["8080"], methods: [GET, DELETE] } }] }]';

table('AuthorizationPolicy', [
  [
    'valid',
    'a rule of all three parts',
    `{ ${SELECTED}, rules: [{ from: [{ source: { principals: [sa1] } }, { source: { principals: [sa2] } }], to: [{ operation: { methods: [GET] } }, { operation: { methods: [POST] } }], when: [{ key: source.ip, values: [1.2.3.4, 5.6.7.0/24] }, { key: "request.headers[:authority]", values: [v1, v2] }] }] }`,
  ],
  [
    'valid',
    'service accounts beside principals of another source',
    '{ rules: [{ from: [{ source: { serviceAccounts: [ns1/sa1, ns2/sa2] } }, { source: { principals: [sa2] } }, { source: { namespaces: [ns] } }] }] }',
  ],
  [
    'invalid',
    'service accounts and namespaces',
    '{ rules: [{ from: [{ source: { serviceAccounts: [ns1/sa1], namespaces: [ns] } }] }] }',
  ],
  [
    'invalid',
    'service accounts and principals',
    '{ rules: [{ from: [{ source: { serviceAccounts: [ns1/sa1], principals: [p] } }] }] }',
  ],
  ['invalid', 'a provider to allow', '{ action: ALLOW, provider: { name: "" }, rules: [{}] }'],
  ['valid', 'allowing nothing', '{ action: ALLOW }'],
  ['invalid', 'denying nothing', '{ action: DENY }'],
  ['valid', 'a selector of an empty value', '{ selector: { matchLabels: { app: "", version: v1 } } }'],
  ['invalid', 'a selector of an empty key', '{ selector: { matchLabels: { app: a, "": v1 } } }'],
  ['warning', 'a selector without labels', '{ selector: {} }'],
  ['invalid', 'a selector with a star in a value', '{ selector: { matchLabels: { app: "a-*" } } }'],
  ['invalid', 'a selector with a star in a key', '{ selector: { matchLabels: { "app-*": a } } }'],
  ['valid', 'a target', `{ targetRef: ${GATEWAY}, ${DENIES} }`],
  ['valid', 'targets', `{ targetRefs: [${GATEWAY}], ${DENIES} }`],
  ['valid', 'a service as target', `{ targetRefs: [{ group: "", kind: Service, name: foo }], ${DENIES} }`],
  [
    'invalid',
    'a target elsewhere',
    `{ targetRef: { group: gateway.networking.k8s.io, kind: Gateway, name: foo, namespace: bar }, ${DENIES} }`,
  ],
  [
    'invalid',
    'a target without a name',
    `{ targetRef: { group: gateway.networking.k8s.io, kind: Gateway }, ${DENIES} }`,
  ],
  [
    'invalid',
    'a target of a wrong group',
    `{ targetRef: { group: wrong-group, kind: Gateway, name: foo }, ${DENIES} }`,
  ],
  [
    'invalid',
    'a target of a wrong kind',
    `{ targetRef: { group: gateway.networking.k8s.io, kind: wrong-kind, name: foo }, ${DENIES} }`,
  ],
  ['invalid', 'a target and a selector', `{ targetRef: ${GATEWAY}, ${SELECTED}, ${DENIES} }`],
  ['invalid', 'targets and a selector', `{ targetRefs: [${GATEWAY}], ${SELECTED}, ${DENIES} }`],
  [
    'warning',
    'denying by tokens',
    `{ action: DENY, ${SELECTED}, rules: [{ from: [{ source: { requestPrincipals: [example.com/sub-1] } }] }] }`,
  ],
  [
    'warning',
    'denying by methods',
    `{ action: DENY, ${SELECTED}, rules: [{ to: [{ operation: { methods: [GET, DELETE] } }] }] }`,
  ],
  [
    'warning',
    'denying by principals and methods',
    `{ action: DENY, ${SELECTED}, rules: [{ from: [{ source: { principals: [temp] } }], to: [{ operation: { methods: [GET] } }] }] }`,
  ],
  ['valid', 'denying by principals, methods and ports', `{ ${SELECTED}, ${DENIES} }`],
  [
    'invalid',
    'an external authorizer without a name',
    '{ action: CUSTOM, provider: { name: "" }, rules: [{}] }',
  ],
  ['invalid', 'no external authorizer', '{ action: CUSTOM, rules: [{}] }'],
  [
    'invalid',
    'an external authorizer that looks at identities',
    '{ action: CUSTOM, provider: { name: p }, rules: [{ from: [{ source: { namespaces: [ns] } }], when: [{ key: source.principal, values: [x] }] }] }',
  ],
  // Istio does not look whether the provider exists; what the rule matches is refused if it does not.
  ['valid', 'an external authorizer', '{ action: CUSTOM, provider: { name: p }, rules: [{}] }'],
  [
    'valid',
    'an external authorizer for a part of the paths',
    '{ action: CUSTOM, provider: { name: p }, rules: [{ from: [{ source: { ipBlocks: [10.0.0.0/8] } }], to: [{ operation: { paths: [/admin] } }], when: [{ key: "request.headers[a]", values: [b] }] }] }',
  ],
]);

for (const [verdict, value, spec] of [
  ['valid', 'true', '{ action: ALLOW }'],
  ['valid', 'false', '{ action: DENY, rules: [{}] }'],
  ['invalid', 'foo', '{ action: ALLOW }'],
  ['invalid', 'true', '{ action: CUSTOM }'],
  ['invalid', 'true', '{ action: AUDIT }'],
] as const)
  table(
    'AuthorizationPolicy',
    [[verdict, `a dry run of '${value}' for ${spec}`, spec]],
    (part) => part,
    `, annotations: { istio.io/dry-run: "${value}" }`,
  );

const FIELDS: Readonly<Record<string, readonly [place: 'from' | 'to', good: string]>> = {
  principals: ['from', 'p1'],
  requestPrincipals: ['from', 'p1'],
  namespaces: ['from', 'ns'],
  serviceAccounts: ['from', 'ns/sa'],
  trustDomains: ['from', 'td'],
  ipBlocks: ['from', '1.2.3.4'],
  remoteIpBlocks: ['from', '1.2.3.4'],
  hosts: ['to', 'host'],
  ports: ['to', '80'],
  methods: ['to', 'GET'],
  paths: ['to', '/path'],
};
const entry = (place: 'from' | 'to', part: string) =>
  `{ rules: [{ ${place}: [{ ${place === 'from' ? 'source' : 'operation'}: { ${part} } }] }] }`;
for (const [field, [place, good]] of Object.entries(FIELDS))
  for (const name of [field, `not${field[0]!.toUpperCase()}${field.slice(1)}`])
    table('AuthorizationPolicy', [
      ['valid', name, entry(place, `${name}: ["${good}"]`)],
      ['invalid', `${name} with an empty value`, entry(place, `${name}: ["${good}", ""]`)],
    ]);

table('AuthorizationPolicy', [
  ['invalid', 'a from of nobody', '{ rules: [{ from: [] }] }'],
  ['invalid', 'a from without a source', '{ rules: [{ from: [{}] }] }'],
  ['invalid', 'a source of nothing', '{ rules: [{ from: [{ source: {} }] }] }'],
  ['invalid', 'a to of nothing', '{ rules: [{ to: [] }] }'],
  ['invalid', 'a to without an operation', '{ rules: [{ to: [{}] }] }'],
  ['invalid', 'an operation of nothing', '{ rules: [{ to: [{ operation: {} }] }] }'],
  ['invalid', 'a rule of null', '{ rules: [null] }'],
  ['invalid', 'an address that is none', entry('from', 'ipBlocks: [1.2.3.4, ip1]')],
  ['invalid', 'an address not to have that is none', entry('from', 'notIpBlocks: [5.6.7.8, ip2]')],
  ['invalid', 'a first address that is none', entry('from', 'remoteIpBlocks: [1.2.3.4, ip1]')],
  ['invalid', 'a range too narrow', entry('from', 'ipBlocks: [1.2.3.4/33]')],
  ['invalid', 'a port that is none', entry('to', 'ports: ["80", port1]')],
  ['invalid', 'a port not to have that is none', entry('to', 'notPorts: ["90", port2]')],
  ['valid', 'port 0', entry('to', 'ports: ["0"]')],
  ['invalid', 'a port too high', entry('to', 'ports: ["65536"]')],
  ['invalid', '17 service accounts', entry('from', `serviceAccounts: [${'a,'.repeat(17)}]`)],
  ['valid', '16 service accounts', entry('from', `serviceAccounts: [${'a,'.repeat(16)}]`)],
  ['invalid', 'a service account with a star', entry('from', 'serviceAccounts: ["ns/*"]')],
  ['invalid', 'a service account of two namespaces', entry('from', 'serviceAccounts: [a/b/c]')],
  ['invalid', 'a service account without a name', entry('from', 'serviceAccounts: [a/]')],
  ['invalid', 'a service account without a namespace', entry('from', 'serviceAccounts: [/a]')],
  ['invalid', 'a service account of 321 characters', entry('from', `serviceAccounts: [${'a'.repeat(321)}]`)],
  ['valid', 'trust domains with a star', entry('from', 'trustDomains: [cluster.local, "a-*", "*-b", "*"]')],
  ['invalid', 'a trust domain with a star inside', entry('from', 'trustDomains: ["a*b"]')],
  ['invalid', 'a trust domain with two stars', entry('from', 'trustDomains: ["*a*"]')],
  ['invalid', 'a trust domain with a slash', entry('from', 'trustDomains: [a/b]')],
  [
    'valid',
    'patterns of every kind',
    entry(
      'from',
      'principals: [p, "p-*", "*-p", "*"], requestPrincipals: [r, "r-*", "*-r", "*"], namespaces: [n, "n-*", "*-n", "*"]',
    ),
  ],
  [
    'valid',
    'operations of every kind',
    entry(
      'to',
      'methods: [m, "m-*", "*-m", "*"], hosts: [a.example, "*.a.example", "prefix.*", "*"], paths: [/a, "/a/*", "*/a", "*", "/a/{*}", "/{**}/a"]',
    ),
  ],
]);

table(
  'AuthorizationPolicy',
  [
    ['valid', 'one segment', '/foo/{*}/bar'],
    ['valid', 'any number of segments', '/foo/{**}'],
    ['valid', 'one and then any number', '/{*}/foo/{**}'],
    ['valid', 'one, twice', '/{*}/{*}'],
    ['valid', 'a slash at the end', '/foo/{*}/'],
    ['valid', 'what looks like an escape', '/foo%zz/{*}'],
    ['invalid', 'an empty segment', '/foo//{*}'],
    ['invalid', 'a segment with a space', '/a b/{*}'],
    ['not done yet', 'no slash at the start, which Envoy refuses', 'foo/{*}'],
    ['invalid', 'any number and then one', '/{**}/foo/{*}'],
    ['invalid', 'any number, twice', '/{**}/{**}'],
    ['invalid', 'a part of a segment', '/foo/{*}abc'],
    ['invalid', 'a name in braces', '/foo/{abc}'],
    ['invalid', 'a brace that does not close', '/foo/{*/bar'],
    ['invalid', 'three stars', '/foo/{***}'],
    ['invalid', 'a plain star beside a template', '/foo/{*}/bar*'],
  ],
  (path) => entry('to', `paths: ["${path}"]`),
);

table(
  'AuthorizationPolicy',
  [
    ['invalid', 'no key', '{ values: [v1] }'],
    ['invalid', 'an empty key', '{ key: "", values: [v1] }'],
    ['invalid', 'no values', '{ key: source.principal }'],
    ['invalid', 'an address that is none', '{ key: source.ip, values: [a.b.c.d] }'],
    ['invalid', 'an address not to have that is none', '{ key: source.ip, notValues: [a.b.c.d] }'],
    ['invalid', 'an unknown key', '{ key: key1, values: [v1] }'],
    ['invalid', 'an empty value', '{ key: "request.headers[:authority]", values: [v1, ""] }'],
    ['valid', 'a header', '{ key: "request.headers[X-a]", values: [h, "h-*", "*-h", "*"], notValues: [n] }'],
    ['invalid', 'headers, but none named', '{ key: request.headers, values: [h] }'],
    ['invalid', 'a header with an empty name', '{ key: "request.headers[]", values: [h] }'],
    [
      'valid',
      'an address of the peer',
      '{ key: source.ip, values: [10.10.10.10, 192.168.10.0/24], notValues: [90.10.10.10] }',
    ],
    ['valid', 'a first address', '{ key: remote.ip, values: [10.10.10.10], notValues: [90.168.10.0/24] }'],
    ['valid', 'a namespace', '{ key: source.namespace, values: [ns, "ns-*", "*-ns", "*"] }'],
    ['valid', 'a service account', '{ key: source.serviceAccount, values: [ns/sa] }'],
    ['invalid', 'a service account with a star', '{ key: source.serviceAccount, values: ["ns/*"] }'],
    ['valid', 'a principal', '{ key: source.principal, values: [p, "p-*", "*-p", "*"] }'],
    ['valid', 'a trust domain', '{ key: source.trustDomain, values: [cluster.local, "a-*", "*-b", "*"] }'],
    ['invalid', 'a trust domain with a star inside', '{ key: source.trustDomain, values: ["a*b"] }'],
    ['valid', 'a token', '{ key: request.auth.principal, values: [p, "https://example.com/*"] }'],
    ['valid', 'an audience', '{ key: request.auth.audiences, values: [a, "a-*", "*"] }'],
    ['valid', 'a presenter', '{ key: request.auth.presenter, values: [a, "a-*", "*"] }'],
    ['valid', 'a claim', '{ key: "request.auth.claims[iss]", values: [a, "*-a"] }'],
    ['valid', 'a claim in a claim', '{ key: "request.auth.claims[a][b]", values: [a] }'],
    ['invalid', 'claims, but none named', '{ key: request.auth.claims, values: [a] }'],
    [
      'valid',
      'an address of the destination',
      '{ key: destination.ip, values: [10.10.10.10], notValues: [90.168.10.0/24] }',
    ],
    ['valid', 'a port of the destination', '{ key: destination.port, values: ["91"], notValues: ["9001"] }'],
    ['invalid', 'a port of the destination that is none', '{ key: destination.port, values: ["a"] }'],
    [
      'valid',
      'a server name',
      '{ key: connection.sni, values: [a.example, "*.a.example", "prefix.*", "*"] }',
    ],
    ['invalid', 'a namespace of the destination', '{ key: destination.namespace, values: [a] }'],
    ['invalid', 'labels of the destination', '{ key: "destination.labels[a]", values: [a] }'],
    ['invalid', 'a name of the destination', '{ key: destination.name, values: [a] }'],
    ['invalid', 'a user of the destination', '{ key: destination.user, values: [a] }'],
    [
      'valid',
      'a trust domain with a slash, which matches nothing',
      '{ key: source.trustDomain, values: [a/b] }',
    ],
    ['invalid', '17 service accounts', `{ key: source.serviceAccount, values: [${'a,'.repeat(17)}] }`],
    [
      'invalid',
      '17 service accounts not to have',
      `{ key: source.serviceAccount, notValues: [${'a,'.repeat(17)}] }`,
    ],
    ['not done yet', 'a header in a header', '{ key: "request.headers[a][b]", values: [h] }'],
    ['not done yet', 'the path as HTTP/2 has it', '{ key: "request.headers[:path]", values: [h] }'],
    ['valid', 'the method as HTTP/2 has it', '{ key: "request.headers[:method]", values: [GET] }'],
    [
      'invalid',
      'metadata of a filter without a name',
      '{ key: experimental.envoy.filters.a.b, values: [a] }',
    ],
    ['invalid', 'a claim with an empty name', '{ key: "request.auth.claims[]", values: [a] }'],
    ['not done yet', 'metadata of a filter', '{ key: "experimental.envoy.filters.a.b[c]", values: [a] }'],
  ],
  (condition) => `{ rules: [{ when: [${condition}] }] }`,
);
