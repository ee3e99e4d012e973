import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyze, type Surroundings } from './index.js';

const NETWORKING = 'apiVersion: networking.istio.io/v1';

function service(name: string, ports: readonly number[], namespace = 'default'): string {
  const listed = ports.map((port) => `{ port: ${port}, name: http-${port} }`).join(', ');
  return `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ports: [${listed}] }\n`;
}

function virtualService(name: string, spec: string, namespace = 'default'): string {
  return `${NETWORKING}\nkind: VirtualService\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
}

function destinationRule(name: string, spec: string): string {
  return `${NETWORKING}\nkind: DestinationRule\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
}

function serviceEntry(name: string, spec: string, namespace = 'default'): string {
  return `${NETWORKING}\nkind: ServiceEntry\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
}

function route(host: string, destination = `{ host: ${host} }`): string {
  return `{ hosts: [${host}], http: [{ route: [{ destination: ${destination} }] }] }`;
}

function run(documents: readonly string[], around: Surroundings = {}) {
  return analyze([{ file: 'a.yaml', text: documents.join('---\n') }], around);
}

/** `CODE path`, in order. */
function codes(documents: readonly string[], around: Surroundings = {}): string[] {
  return run(documents, around).messages.map(({ code, path }) => `${code} ${path}`);
}

const DESTINATION = 'spec.http[0].route[0].destination';

test('policy that hangs together has no messages', () => {
  const subsets = '{ host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }';
  const documents = [
    service('reviews', [9080]),
    destinationRule('reviews', subsets),
    virtualService('reviews', route('reviews', '{ host: reviews, subset: v1, port: { number: 9080 } }')),
  ];
  assert.deepEqual(run(documents), { valid: true, messages: [] });
});

test('a message says what, where and what to do', () => {
  const { valid, messages } = run([service('reviews', [9080]), virtualService('v', route('review'))]);
  assert.equal(valid, false);
  assert.deepEqual(messages, [
    {
      code: 'IST0101',
      level: 'error',
      kind: 'VirtualService',
      namespace: 'default',
      name: 'v',
      message:
        "host 'review.default.svc.cluster.local' is not known here; did you mean 'reviews.default.svc.cluster.local'?",
      file: 'a.yaml',
      line: 9,
      column: messages[0]!.column,
      path: `${DESTINATION}.host`,
    },
  ]);
  assert.ok(messages[0]!.column > 1);
});

test('IST0101: hosts, mirrors, ports, subsets and gateways that do not exist', () => {
  const known = service('a', [80]);
  assert.deepEqual(codes([virtualService('v', route('nowhere'))]), [`IST0101 ${DESTINATION}.host`]);
  const mirror = '{ hosts: [a], http: [{ route: [{ destination: { host: a } }], mirror: { host: b } }] }';
  assert.deepEqual(codes([known, virtualService('v', mirror)]), ['IST0101 spec.http[0].mirror.host']);
  const port = route('a', '{ host: a, port: { number: 81 } }');
  assert.deepEqual(codes([known, virtualService('v', port)]), [`IST0101 ${DESTINATION}.port.number`]);
  const subset = virtualService('v', route('a', '{ host: a, subset: v1 }'));
  assert.deepEqual(codes([known, subset]), [`IST0101 ${DESTINATION}.subset`]);
  const other = destinationRule('d', '{ host: a, subsets: [{ name: v2 }] }');
  assert.deepEqual(codes([known, subset, other]), [`IST0101 ${DESTINATION}.subset`]);
  const gateway = virtualService(
    'v',
    '{ hosts: [a.example], gateways: [front], http: [{ route: [{ destination: { host: a } }] }] }',
  );
  assert.ok(codes([known, gateway]).includes('IST0101 spec.gateways[0]'));
});

test('IST0101: hosts are known by Service, ServiceEntry, wildcard and registration, where they are visible', () => {
  const out = virtualService('v', route('api.example.com'));
  const entry = (host: string, rest = '', namespace = 'default') =>
    serviceEntry(
      'e',
      `{ hosts: ["${host}"], ports: [{ number: 80, name: http, protocol: HTTP }]${rest} }`,
      namespace,
    );
  assert.deepEqual(codes([out, entry('api.example.com')]), []);
  assert.deepEqual(codes([out, entry('*.example.com')]), []);
  assert.deepEqual(codes([out, entry('*.other.com')]), [`IST0101 ${DESTINATION}.host`]);
  assert.deepEqual(codes([out, entry('api.example.com', ', exportTo: ["."]', 'other')]), [
    `IST0101 ${DESTINATION}.host`,
  ]);
  const services = [{ host: 'a.default.svc.cluster.local', namespace: 'default', ports: [] }];
  assert.deepEqual(codes([virtualService('v', route('a'))], { services }), []);
  assert.deepEqual(codes([service('a', [80], 'other'), virtualService('v', route('a'))]), [
    `IST0101 ${DESTINATION}.host`,
  ]);
  assert.deepEqual(
    codes([service('a', [80], 'other'), virtualService('v', route('a.other.svc.cluster.local'))]),
    ['HDL0010 spec.hosts[0]'],
  );
});

test('IST0109: VirtualServices of the mesh that claim one host where both are seen, each once', () => {
  const known = service('a', [80]);
  const claim = (name: string, rest = '', host = 'a') =>
    virtualService(name, `{ hosts: ["${host}"], http: [{ route: [{ destination: { host: a } }] }]${rest} }`);
  assert.deepEqual(codes([known, claim('v1'), claim('v2')]), [
    'IST0109 spec.hosts[0]',
    'IST0109 spec.hosts[0]',
  ]);
  const wide = claim('v2', '', '*.default.svc.cluster.local');
  assert.deepEqual(codes([known, claim('v1'), wide]), [], 'the name is more specific');
  const some = claim('v2', ', exportTo: [x]', '*.default.svc.cluster.local');
  assert.equal(codes([known, claim('v1'), some]).length, 2);
  assert.deepEqual(codes([known, claim('v1', ', exportTo: [x]'), claim('v2', ', exportTo: [y]')]), []);
  assert.equal(codes([known, claim('v1', ', exportTo: [x]'), claim('v2', ', exportTo: ["*"]')]).length, 2);
  const { messages } = run([known, claim('v1'), claim('v2')]);
  assert.match(messages[0]!.message, /default\/v2/);
});

test('IST0112: a destination without a port on a service with several', () => {
  const known = service('a', [80, 81]);
  assert.deepEqual(codes([known, virtualService('v', route('a'))]), [`IST0112 ${DESTINATION}.port`]);
  const named = route('a', '{ host: a, port: { number: 81 } }');
  assert.deepEqual(codes([known, virtualService('v', named)]), []);
});

test('IST0174 and IST0173: a DestinationRule for nobody, and a subset of nothing', () => {
  assert.deepEqual(codes([destinationRule('d', '{ host: nowhere }')]), ['IST0174 spec.host']);
  assert.equal(run([destinationRule('d', '{ host: nowhere }')]).valid, true);
  assert.deepEqual(codes([service('a', [80]), destinationRule('d', '{ host: "*.svc.cluster.local" }')]), []);
  const entry = serviceEntry(
    'e',
    '{ hosts: [x.example], resolution: STATIC, ports: [{ number: 80, name: http, protocol: HTTP }], endpoints: [{ address: 10.0.0.1, labels: { v: a } }] }',
  );
  const rule = (v: string) =>
    destinationRule('d', `{ host: x.example, subsets: [{ name: s, labels: { v: ${v} } }] }`);
  assert.deepEqual(codes([entry, rule('a')]), []);
  assert.deepEqual(codes([entry, rule('b')]), ['IST0173 spec.subsets[0].labels']);
});

test('IST0128, IST0129: TLS without roots of its own', () => {
  const rule = (policy: string) => [
    service('a', [80]),
    destinationRule('d', `{ host: a, trafficPolicy: ${policy} }`),
  ];
  assert.deepEqual(codes(rule('{ tls: { mode: SIMPLE } }')), ['IST0128 spec.trafficPolicy.tls']);
  assert.deepEqual(codes(rule('{ portLevelSettings: [{ port: { number: 80 }, tls: { mode: SIMPLE } }] }')), [
    'IST0129 spec.trafficPolicy.portLevelSettings[0].tls',
  ]);
  assert.deepEqual(codes(rule('{ tls: { mode: SIMPLE, caCertificates: /ca.pem } }')), []);
  assert.deepEqual(codes(rule('{ tls: { mode: ISTIO_MUTUAL } }')), []);
});

test('IST0177: one port of one host with two protocols', () => {
  const entry = (name: string, protocol: string, rest = '') =>
    serviceEntry(
      name,
      `{ hosts: [x.example], ports: [{ number: 80, name: p, protocol: ${protocol} }]${rest} }`,
    );
  const both = ['IST0177 spec.ports[0].protocol', 'IST0177 spec.ports[0].protocol'];
  assert.deepEqual(codes([entry('a', 'HTTP'), entry('b', 'GRPC')]), both);
  assert.deepEqual(codes([entry('a', 'HTTP'), entry('b', 'HTTP')]), []);
  assert.deepEqual(codes([entry('a', 'HTTP', ', exportTo: [x]'), entry('b', 'GRPC', ', exportTo: [y]')]), []);
});

test('IST0127: a selector that selects nobody, only where the workloads are known', () => {
  const policy =
    'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p }\nspec: { selector: { matchLabels: { app: a } } }\n';
  assert.deepEqual(codes([policy]), []);
  assert.deepEqual(codes([policy], { workloads: [] }), ['IST0127 spec.selector.matchLabels']);
  assert.deepEqual(codes([policy], { workloads: [{ namespace: 'default', labels: { app: 'a' } }] }), []);
  assert.equal(codes([policy], { workloads: [{ namespace: 'other', labels: { app: 'a' } }] }).length, 1);
});

test('HDL0004 and HDL0005: a resource written twice, and a PeerAuthentication without effect', () => {
  const peer = (name: string, spec: string, namespace = 'default') =>
    `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: ${spec}\n`;
  const twice = run([peer('a', '{}'), peer('a', '{ selector: { matchLabels: { app: a } } }')]);
  assert.equal(twice.valid, false);
  assert.deepEqual(
    twice.messages.map(({ code, line }) => [code, line]),
    [['HDL0004', 8]],
  );
  assert.deepEqual(codes([peer('b', '{}'), peer('a', '{}')]), ['HDL0005 spec']);
  assert.deepEqual(codes([peer('a', '{ selector: { matchLabels: { app: a } } }', 'istio-system')]), [
    'HDL0005 spec',
  ]);
  assert.deepEqual(codes([peer('a', '{}'), peer('a', '{}', 'other')]), []);
});

test('IST0140: calls from a gateway pass by the subsets of the mesh', () => {
  const inside = virtualService('in', route('a', '{ host: a, subset: v1 }'));
  const outside = virtualService(
    'out',
    '{ hosts: [a.example], gateways: [front], http: [{ route: [{ destination: { host: a } }] }] }',
  );
  const rule = destinationRule('d', '{ host: a, subsets: [{ name: v1 }] }');
  assert.ok(codes([service('a', [80]), rule, inside, outside]).includes(`IST0140 ${DESTINATION}.host`));
});

test('findings of parsing and validation are there, too, sorted by place', () => {
  const documents = [
    virtualService('v', '{ hosts: [a], http: [{ timeout: 0s, route: [{ destination: { host: a } }] }] }'),
  ];
  const { valid, messages } = analyze([
    { file: 'b.yaml', text: documents[0]! },
    { file: 'a.yaml', text: 'a: [b' },
  ]);
  assert.equal(valid, false);
  assert.deepEqual(
    messages.map(({ file, code }) => `${file} ${code}`),
    ['b.yaml IST0106', 'b.yaml IST0101', 'a.yaml HDL0001'],
  );
});

test('analysis never throws, whatever the text', () => {
  const kind = fc.constantFrom('VirtualService', 'DestinationRule', 'ServiceEntry', 'Service', 'Gateway');
  fc.assert(
    fc.property(kind, fc.json(), (name, spec) => {
      const text = `apiVersion: networking.istio.io/v1\nkind: ${name}\nmetadata: { name: x }\nspec: ${spec}\n`;
      const { messages } = analyze([{ file: 'x.yaml', text }]);
      assert.ok(messages.every(({ code }) => code !== 'IST0001'));
    }),
  );
});

test('a host is known to a rule if one of the namespaces that hear of it sees the service', () => {
  const details = (exportTo: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: details, annotations: { networking.istio.io/exportTo: '${exportTo}' } }\nspec: { ports: [{ port: 80, name: http }] }\n`;
  const to = (namespace: string, rest = '') =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: x, namespace: ${namespace} }\nspec: { hosts: [d], http: [{ route: [{ destination: { host: details.default.svc.cluster.local } }] }]${rest} }\n`;
  const unknown = ['IST0101 spec.http[0].route[0].destination.host'];
  assert.deepEqual(codes([details('banana, .'), to('banana')]), []);
  assert.deepEqual(codes([details('banana, .'), to('default')]), []);
  assert.deepEqual(codes([details('banana'), to('other')]), unknown);
  assert.deepEqual(codes([details('banana'), to('other', ', exportTo: [banana]')]), []);
  assert.deepEqual(codes([details('banana'), to('banana', ', exportTo: [other]')]), unknown);
});

test('IST0131: a longer prefix behind a shorter one, if nothing else is asked of it', () => {
  const rule = (one: string, other: string) =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: x }\nspec: { hosts: [a.example], http: [{ match: [${one}, ${other}], redirect: { uri: / } }] }\n`;
  const covered = ['IST0131 spec.http[0].match[1]'];
  for (const [one, other, expected] of [
    ['{ uri: { prefix: /a } }', '{ uri: { prefix: /ab } }', covered],
    ['{ uri: { prefix: /a } }', '{ uri: { prefix: /ab }, method: { exact: GET } }', covered],
    ['{ uri: { prefix: /a }, port: 80 }', '{ uri: { prefix: /ab }, port: 81 }', []],
    [
      '{ uri: { prefix: /a }, headers: { x: { exact: a } } }',
      '{ uri: { prefix: /ab }, headers: { x: { exact: ab } } }',
      [],
    ],
    ['{ uri: { prefix: /a }, authority: { exact: a } }', '{ uri: { prefix: /ab } }', []],
    ['{ uri: { prefix: /a }, sourceLabels: { a: b } }', '{ uri: { prefix: /ab } }', []],
    ['{ uri: { prefix: /ab } }', '{ uri: { prefix: /a } }', []],
  ] as const)
    assert.deepEqual(codes([rule(one, other)]), expected, `${one} ${other}`);
});

test('IST0101: namespaces not to come from are looked up, too', () => {
  const files = [
    'apiVersion: v1\nkind: Namespace\nmetadata: { name: default }\n',
    'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p }\nspec: { rules: [{ from: [{ source: { namespaces: ["def*", x], notNamespaces: ["*ult", y] } }] }] }\n',
  ];
  const source = 'IST0101 spec.rules[0].from[0].source';
  assert.deepEqual(codes(files), ['HDL0003 kind', `${source}.namespaces[1]`, `${source}.notNamespaces[1]`]);
});
