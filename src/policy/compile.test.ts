import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { DEFAULT_RETRY_POLICY } from '../traffic/retry/policy.js';
import { decideRoute } from '../traffic/route/index.js';
import type { EffectiveRoute } from '../traffic/route/policy.js';
import { compileHost } from './compile.js';
import type { EffectiveHost } from './effective.js';

const HOST: EffectiveHost = {
  host: 'a.default.svc.cluster.local',
  domains: ['a', 'a.default.svc.cluster.local'],
  ports: [],
  location: 'mesh',
  resolution: 'static',
  virtualService: null,
  routes: [],
  clusters: [],
};

const CALL = { method: 'GET', scheme: 'http', authority: 'a:9080', path: '/', headers: {}, port: 9080 };
const CONNECTION = [{ cluster: `outbound|6379||${HOST.host}`, weight: 1 }];
const NO_DRAW = { next: () => assert.fail('nothing is drawn') };

function route(parts: Partial<EffectiveRoute>): EffectiveRoute {
  const destinations = [{ cluster: `outbound|80|v1|${HOST.host}`, weight: 1 }];
  return {
    index: 2,
    name: 'r',
    action: { kind: 'forward', destinations },
    timeoutMs: null,
    retries: null,
    ...parts,
  };
}

test('without a VirtualService every call goes to the port it addresses, with the default retries and no timeout', () => {
  const verdict = decideRoute(compileHost(HOST).table, CALL, NO_DRAW);
  assert.equal(verdict.kind, 'forward');
  assert.equal(verdict.destination.cluster, `outbound|9080||${HOST.host}`);
  assert.equal(verdict.route.retries, DEFAULT_RETRY_POLICY);
  assert.equal(verdict.route.timeoutMs, null);
  assert.equal(verdict.destination.untouched, true);
});

test('a pattern, a header value or a cluster name that is wrong names host, VirtualService and rule', () => {
  const wrong: Partial<EffectiveRoute>[] = [
    { match: { uri: { regex: '(?=x)' } } },
    { headers: { request: { set: { a: '%NOPE%' } } } },
    { action: { kind: 'forward', destinations: [{ cluster: 'reviews', weight: 1 }] } },
    { rewrite: { uriRegex: { match: '[', rewrite: '' } } },
  ];
  for (const parts of wrong)
    assert.throws(
      () => compileHost({ ...HOST, virtualService: 'default/x', routes: [route(parts)] }),
      (error: unknown) => {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_POLICY'));
        assert.match(error.message, /a\.default\.svc\.cluster\.local.*default\/x.*http\[2\] \(r\)/);
        return true;
      },
    );
});

test('a call to a port of which the VirtualService does not speak takes the default route', () => {
  const host = compileHost({
    ...HOST,
    virtualService: 'default/x',
    routes: [route({ match: { port: 80 } })],
  });
  const verdict = decideRoute(host.table, CALL, NO_DRAW);
  assert.equal(verdict.kind === 'forward' && verdict.destination.cluster, `outbound|9080||${HOST.host}`);
});

test('rules for connections are compiled with the host; one that is wrong names host, VirtualService and rule', () => {
  const compiled = compileHost({ ...HOST, tcp: [{ index: 0, destinations: CONNECTION }] });
  assert.equal(compiled.tcp?.routes.length, 1);
  assert.equal(compiled.tls, null);
  for (const [destinationSubnets, destinations] of [
    [['10.0.0.0/99'], CONNECTION],
    [['10.0.0.0/8'], [{ cluster: 'reviews', weight: 1 }]],
    [['10.0.0.0/8'], []],
  ] as const)
    assert.throws(
      () =>
        compileHost({
          ...HOST,
          virtualService: 'default/x',
          tls: [{ index: 3, match: { destinationSubnets }, destinations }],
        }),
      /\[HEDDLE_INVALID_POLICY\] .*a\.default\.svc\.cluster\.local.*default\/x.*tls\[3\]/,
    );
});
