/** Documents of every kind, changed at random: whatever they have become, analysis and explanations answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMeshError } from '../base/errors.js';
import { analyze } from './analyze/index.js';
import { explainInbound } from './explain-inbound.js';
import { explainOutbound } from './explain-outbound.js';
import { joinVersion, KINDS } from './kinds/index.js';

/** One of each kind, with many of its fields. */
const SPECS: Readonly<Record<string, string>> = {
  VirtualService:
    '{ hosts: [a, "*.example"], gateways: [mesh, gw], exportTo: ["."], http: [{ name: one, match: [{ uri: { prefix: /a }, headers: { x: { regex: "a.*" } }, port: 80 }], route: [{ destination: { host: a, subset: v1, port: { number: 80 } }, weight: 80 }, { destination: { host: b }, weight: 20 }], timeout: 1s, retries: { attempts: 2, retryOn: 5xx }, fault: { delay: { percentage: { value: 5 }, fixedDelay: 1s } } }, { delegate: { name: d, namespace: x } }], tcp: [{ match: [{ port: 9 }], route: [{ destination: { host: c } }] }], tls: [{ match: [{ sniHosts: [a.example] }], route: [{ destination: { host: c } }] }] }',
  DestinationRule:
    '{ host: a, trafficPolicy: { loadBalancer: { simple: RANDOM }, connectionPool: { tcp: { maxConnections: 1 } }, tls: { mode: SIMPLE }, portLevelSettings: [{ port: { number: 80 } }] }, subsets: [{ name: v1, labels: { v: one } }], exportTo: ["*"] }',
  ServiceEntry:
    '{ hosts: [x.example], addresses: [10.0.0.1], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, location: MESH_EXTERNAL, endpoints: [{ address: 10.0.0.2, labels: { v: one }, ports: { http: 8080 } }] }',
  Gateway:
    '{ selector: { app: gw }, servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: ["./a.example"], tls: { mode: MUTUAL, credentialName: c } }] }',
  Sidecar:
    '{ workloadSelector: { labels: { app: a } }, egress: [{ port: { number: 80, protocol: HTTP, name: http }, hosts: ["./*", "~/*"] }], ingress: [{ port: { number: 80, protocol: HTTP, name: http }, defaultEndpoint: "127.0.0.1:80" }] }',
  WorkloadEntry: '{ address: 10.0.0.1, ports: { http: 80 }, labels: { app: a }, weight: 1 }',
  WorkloadGroup:
    '{ metadata: { labels: { app: a } }, template: { serviceAccount: s }, probe: { httpGet: { port: 80 } } }',
  PeerAuthentication:
    '{ selector: { matchLabels: { app: a } }, mtls: { mode: STRICT }, portLevelMtls: { 80: { mode: DISABLE } } }',
  RequestAuthentication: '{ jwtRules: [{ issuer: i, jwks: "{}", fromHeaders: [{ name: x }] }] }',
  AuthorizationPolicy:
    '{ action: DENY, rules: [{ from: [{ source: { principals: ["*"], ipBlocks: [10.0.0.0/8] } }], to: [{ operation: { methods: [GET], paths: ["/a/{*}"] } }], when: [{ key: "request.headers[x]", values: [a] }] }] }',
  Telemetry:
    '{ accessLogging: [{ filter: { expression: "response.code >= 400" } }], tracing: [{ randomSamplingPercentage: 5, customTags: { a: { literal: { value: b } } } }], metrics: [{ overrides: [{ match: { metric: ALL_METRICS }, tagOverrides: { a: { value: b } } }] }] }',
  ResiliencePolicy: '{ host: a, breaker: { errorThresholdPercent: 50, window: 10s }, deadline: 1s }',
  RateLimit: '{ selector: { matchLabels: { app: a } }, limits: [{ requests: 5, per: 1s, by: [principal] }] }',
  MeshConfig:
    '{ extensionProviders: [{ name: a, envoyExtAuthzHttp: { service: a.b, port: 80, timeout: 1s, headersToUpstreamOnAllow: ["x-*"] } }] }',
  Service: '{ ports: [{ port: 80, name: http }], selector: { app: a } }',
};

const DOCUMENTS = KINDS.map(
  ({ kind, group, versions }, index) =>
    `apiVersion: ${joinVersion(group, versions[0]!)}\nkind: ${kind}\nmetadata: { name: n${index} }\nspec: ${SPECS[kind] ?? '{}'}\n`,
);

/** What is put in, or takes the place of a word. */
const PIECES = [
  ...[
    'null',
    '[]',
    '{}',
    '""',
    '-1',
    '1e400',
    '.nan',
    '0x',
    '*',
    '~',
    'true',
    '99999999999',
    '&a ',
    '*a',
    '!!x ',
  ],
  ...[
    '"\\0"',
    '__proto__',
    'constructor',
    '<<',
    '?',
    '|',
    '\t',
    '\r',
    '\n',
    '\n---\n',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    "'",
  ],
  ...['((((', '[a-z]{1000}', '::', '0.0.0.0/99', '*.*', '/../', '%00', '\u202e', '-', '#', 'x'.repeat(300)],
];

interface Change {
  readonly at: number;
  readonly take: number;
  readonly put: string;
}

function changed(text: string, changes: readonly Change[]): string {
  let result = text;
  for (const { at, take, put } of changes) {
    const start = at % (result.length + 1);
    result = result.slice(0, start) + put + result.slice(start + take);
  }
  return result;
}

/** Whole words are changed more often than what lies between them: more of the documents are still YAML. */
function words(text: string, changes: readonly Change[]): string {
  const parts = text.split(/([A-Za-z0-9.*/-]+)/);
  for (const { at, put } of changes) parts[(at * 2 + 1) % parts.length] = put;
  return parts.join('');
}

const change = fc.record({
  at: fc.nat({ max: 5_000 }),
  take: fc.nat({ max: 4 }),
  put: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })),
});

const QUESTION = {
  source: { namespace: 'default', labels: { app: 'a' }, service: 'a' },
  method: 'GET',
  scheme: 'http',
  authority: 'a',
  path: '/a',
  headers: { x: 'a' },
} as const;
const EXCHANGE = {
  workload: { namespace: 'default', labels: { app: 'a' }, service: 'a' },
  port: 80,
  peer: { principal: 'cluster.local/ns/a/sa/b', ip: '10.0.0.1' },
  method: 'GET',
  authority: 'a',
  path: '/a',
  headers: { x: 'a' },
} as const;

function answers(text: string): void {
  const files = [{ file: 'f', text }];
  const { messages } = analyze(files);
  for (const { code, line, column, message } of messages) {
    assert.notEqual(code, 'IST0001', message);
    assert.ok(line >= 1 && column >= 1);
  }
  for (const explain of [() => explainOutbound(files, QUESTION), () => explainInbound(files, EXCHANGE)])
    try {
      explain();
    } catch (error) {
      assert.ok(isMeshError(error), String(error));
    }
}

test('every kind is among the documents, and as they are they hold no mistake of shape', () => {
  assert.deepEqual(Object.keys(SPECS).sort(), KINDS.map(({ kind }) => kind).sort());
  const { messages } = analyze([{ file: 'f', text: DOCUMENTS.join('---\n') }]);
  assert.deepEqual(
    messages.filter(({ message }) => /is not a field|not YAML/.test(message)),
    [],
  );
});

test('changed documents are judged and explained, never with a crash', () => {
  const some = fc.subarray(DOCUMENTS, { minLength: 1, maxLength: 4 });
  const text = fc
    .tuple(some, fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([documents, changes, whole]) => (whole ? words : changed)(documents.join('---\n'), changes));
  fc.assert(fc.property(text, answers), { numRuns: 300, seed: 17 });
});
