import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EffectiveHost, EffectiveInbound } from '../../policy/effective.js';
import { host, inbound } from './fixtures.test.helper.js';
import { checkShape } from './shapes.js';

const NAME = 'orders.default.svc.cluster.local';
const CLUSTER = `outbound|80||${NAME}`;

const full: EffectiveHost = {
  ...host(NAME),
  routes: [
    {
      index: 0,
      name: null,
      match: {
        uri: { prefix: '/a' },
        headers: [{ name: 'x', match: { exact: 'y' } }],
        claims: [{ path: ['a'], match: { present: true } }],
      },
      action: { kind: 'forward', destinations: [{ cluster: CLUSTER, weight: 1 }] },
      headers: { request: { set: { a: 'b' }, remove: ['c'] } },
      rewrite: { uriRegex: { match: 'a', rewrite: 'b' } },
      timeoutMs: 1_000,
      retries: {
        attempts: 2,
        perTryTimeoutMs: null,
        on: ['5xx'],
        statusCodes: [503],
        backoffMs: 25,
        ignorePreviousHosts: true,
        explicit: true,
      },
      fault: { delay: { percent: 1, fixedDelayMs: 1 } },
      mirrors: [{ cluster: CLUSTER, percentage: 50 }],
    },
  ],
  clusters: [
    {
      name: CLUSTER,
      port: 80,
      subset: '',
      labels: {},
      balancer: { kind: 'round-robin' },
      connection: { connectTimeoutMs: 1_000, idleTimeoutMs: 1_000, maxRequestsPerConnection: 0 },
      limits: {},
      tls: { mode: 'disable' },
    },
  ],
};

/** A copy with one value changed. */
function changed(value: unknown, path: string, to: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  const steps = path.split('.');
  const last = steps.pop()!;
  let at = copy as Record<string, unknown>;
  for (const step of steps) at = at[step] as Record<string, unknown>;
  at[last] = to;
  return copy;
}

test('what policy is resolved to has the right shape', () => {
  assert.deepEqual(checkShape(`host/${NAME}`, full), []);
  const limited: EffectiveInbound = { ...inbound, maxRequests: { others: 0, ports: { 8080: 5 } } };
  assert.deepEqual(checkShape('inbound', limited), []);
});

/** What calls read without another look. */
const WRONG: readonly [path: string, value: unknown][] = [
  ['routes.0.match.headers.0.name', {}],
  ['routes.0.match.uri', null],
  ['routes.0.match.claims.0.path', 'a'],
  ['routes.0.action.destinations', []],
  ['routes.0.action.destinations.0.weight', -1],
  ['routes.0.action', { kind: 'directResponse', status: '200', body: '' }],
  ['routes.0.headers.request.remove', 'c'],
  ['routes.0.rewrite.uriRegex.rewrite', 1],
  ['routes.0.timeoutMs', Number.POSITIVE_INFINITY],
  ['routes.0.retries.on', undefined],
  ['routes.0.retries.statusCodes', 0],
  ['routes.0.retries.attempts', '2'],
  ['routes.0.fault.delay.fixedDelayMs', -1],
  ['routes.0.mirrors.0.cluster', null],
  ['clusters.0.balancer.kind', 'toString'],
];
for (const [path, value] of WRONG)
  test(`a host is refused whose ${path} is ${JSON.stringify(value) ?? 'missing'}`, () => {
    const faults = checkShape(`host/${NAME}`, changed(full, path, value));
    assert.equal(faults.length, 1, faults.join('; '));
    assert.match(faults[0]!, /^host\/orders\.default\.svc\.cluster\.local at /);
  });

for (const wrong of [[], { others: -1, ports: {} }, { ports: { 80: Number.NaN } }, { others: 1 }])
  test(`a count of exchanges that cannot be read is refused: ${JSON.stringify(wrong)}`, () =>
    assert.notDeepEqual(checkShape('inbound', { ...inbound, maxRequests: wrong }), []));
