/** Whatever stands in a resource, validation answers with messages that have a place, and throws nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { found, messagesOf } from './found.test.helper.js';

const FILES = { serverCertificate: 'c', privateKey: 'k', caCertificates: 'ca', cipherSuites: ['ALL'] };
const POOL = { http: { http2MaxRequests: 1, http2KeepAlive: { interval: '1s', timeout: '1s' } }, tcp: {} };

/** One of each, with all there is in it. */
const FULL: Readonly<Record<string, object>> = {
  Gateway: {
    selector: { app: 'edge' },
    servers: [
      {
        hosts: ['prod/a.example', '*'],
        port: { number: 443, protocol: 'HTTPS', name: 'a' },
        bind: '1.2.3.4',
        tls: { mode: 'MUTUAL', ...FILES },
      },
    ],
  },
  Sidecar: {
    workloadSelector: { labels: { app: 'a' } },
    ingress: [
      {
        port: { number: 80, protocol: 'HTTPS', name: 'a' },
        bind: '1.2.3.4',
        defaultEndpoint: '127.0.0.1:80',
        tls: { mode: 'SIMPLE', ...FILES },
        connectionPool: POOL,
      },
    ],
    egress: [{ port: { number: 0 }, bind: 'unix:///a', hosts: ['./*', '~/a.example'] }, { hosts: ['*/*'] }],
    inboundConnectionPool: POOL,
    outboundTrafficPolicy: { mode: 'ALLOW_ANY', egressProxy: { host: 'a.example', port: { number: 1 } } },
  },
  WorkloadEntry: { address: '1.2.3.4', ports: { http: 80 }, labels: { app: 'a' }, network: 'n', weight: 1 },
  WorkloadGroup: {
    metadata: { labels: { app: 'a' }, annotations: { a: 'b' } },
    template: { ports: { http: 80 }, labels: { app: 'a' } },
    probe: { periodSeconds: 1, httpGet: { port: 80, httpHeaders: [{ name: 'a', value: 'b' }] } },
  },
  Telemetry: {
    selector: { matchLabels: { app: 'a' } },
    tracing: [
      {
        providers: [{ name: 'a' }],
        randomSamplingPercentage: 1,
        customTags: { a: { literal: { value: 'b' } } },
      },
    ],
    metrics: [
      {
        overrides: [{ match: { metric: 'ALL_METRICS' }, tagOverrides: { a: { value: 'b' } } }],
        reportingInterval: '1s',
      },
    ],
    accessLogging: [{ filter: { expression: 'response.code >= 500' }, match: { mode: 'CLIENT' } }],
  },
};

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(
    '',
    '*',
    '~',
    '/',
    ':',
    '[',
    '[::1]:',
    'unix://',
    '*/',
    '~/*',
    '\u0000',
    'a'.repeat(300),
  ),
  fc.constantFrom<unknown>(-1, 0, 1.5, 65_536, 4_294_967_296, 1e308),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** A copy of `value` in which what the choices lead to is something else. */
function changed(value: unknown, choices: readonly number[], other: unknown): unknown {
  const [choice, ...rest] = choices;
  if (choice === undefined || typeof value !== 'object' || value === null) return other;
  const entries = Object.entries(value);
  if (entries.length === 0) return other;
  const [key] = entries[choice % entries.length]!;
  const inner = changed((value as Record<string, unknown>)[key], rest, other);
  return Array.isArray(value)
    ? value.map((entry, index) => (String(index) === key ? inner : entry))
    : { ...value, [key]: inner };
}

for (const [kind, spec] of Object.entries(FULL))
  test(`${kind}: whatever a field holds, validation says what is wrong and throws nothing`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 6 }), odd, (choices, other) => {
        for (const message of messagesOf(kind, JSON.stringify(changed(spec, choices, other)))) {
          assert.notEqual(message.message, '');
          assert.ok(message.line >= 1 && message.column >= 1);
        }
      }),
      { seed: 11, numRuns: 150 },
    );
  });

test('with all there is in it a resource is right, but for what is refused', () => {
  const refused = Object.entries(FULL).flatMap(([kind, spec]) =>
    found(kind, JSON.stringify(spec)).filter((line) => line.startsWith('error')),
  );
  assert.deepEqual(refused, ['error HDL0007 spec.ingress[0].tls']);
});
