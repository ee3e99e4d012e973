import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { explainOutbound } from './explain-outbound.js';
import type { OutboundQuestion } from './outbound-question.js';

const NETWORK = 'networking.istio.io/v1';

function documents(...all: { kind: string; spec: object; name?: string; namespace?: string }[]) {
  const text = all
    .map(({ kind, spec, name = 'x', namespace = 'default' }) =>
      JSON.stringify({
        apiVersion: kind === 'Service' ? 'v1' : NETWORK,
        kind,
        metadata: { name, namespace },
        spec,
      }),
    )
    .join('\n---\n');
  return [{ file: 'policy.yaml', text }];
}

const service = (name: string, port = 9080) => ({
  kind: 'Service',
  name,
  spec: { ports: [{ port, name: 'http' }] },
});
const rules = (...http: object[]) => ({ kind: 'VirtualService', spec: { hosts: ['reviews'], http } });
const to = (subset: string, weight?: number) => ({
  destination: { host: 'reviews', subset },
  ...(weight !== undefined && { weight }),
});
const SUBSETS = {
  kind: 'DestinationRule',
  spec: { host: 'reviews', subsets: ['v1', 'v2', 'v3'].map((name) => ({ name, labels: { version: name } })) },
};

const CALL: OutboundQuestion = {
  source: { namespace: 'default', labels: { app: 'productpage' }, service: 'productpage' },
  method: 'GET',
  scheme: 'http',
  authority: 'reviews:9080',
  path: '/reviews/0',
  headers: {},
};

const explain = (files: ReturnType<typeof documents>, call: Partial<OutboundQuestion> = {}) =>
  explainOutbound(files, { ...CALL, ...call });
const cluster = (subset: string) => `outbound|9080|${subset}|reviews.default.svc.cluster.local`;

test('a user is routed by header and everybody else by weight', () => {
  const files = documents(
    rules(
      { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: [to('v3')] },
      { name: 'split', route: [to('v1', 80), to('v2', 20)] },
    ),
    SUBSETS,
    service('reviews'),
  );
  const jason = explain(files, { headers: { 'End-User': 'jason' } });
  assert.equal(jason.picked, cluster('v3'));
  assert.deepEqual(jason.route, { index: 0, name: null });
  assert.deepEqual(jason.request.headers, { 'end-user': 'jason' });
  const other = explain(files, { random: 0.8 });
  assert.equal(other.outcome, 'route');
  assert.equal(other.virtualService, 'default/x');
  assert.deepEqual(other.route, { index: 1, name: 'split' });
  assert.deepEqual(
    other.clusters.map(({ name, weight }) => [name, weight]),
    [
      [cluster('v1'), 0.8],
      [cluster('v2'), 0.2],
    ],
  );
  assert.equal(other.picked, cluster('v2'));
  assert.equal(explain(files, { random: 0.79 }).picked, cluster('v1'));
  assert.equal(explain(files).picked, null, 'without a draw there is no pick');
});

test('three destinations of weights 1, 1 and 2 share 25, 25 and 50 percent', () => {
  const files = documents(rules({ route: [to('v1', 1), to('v2', 1), to('v3', 2)] }), service('reviews'));
  assert.deepEqual(
    explain(files).clusters.map(({ weight }) => weight),
    [0.25, 0.25, 0.5],
  );
});

test('a host whose VirtualService has no route for the call gives noRoute, with no fall-through', () => {
  const files = documents(
    rules({ match: [{ uri: { prefix: '/other' } }], route: [to('v1')] }),
    service('reviews'),
  );
  const found = explain(files);
  assert.equal(found.outcome, 'noRoute');
  assert.equal(found.virtualService, 'default/x');
  assert.equal(found.route, null);
  const [tried] = found.steps.filter((step) => step.includes('did not match'));
  assert.equal(
    tried,
    'rule 1 of default/x (http[0]) did not match: path is "/reviews/0", expected something that starts with "/other"',
  );
});

test('a host that policy does not know is blocked with a hint, or passed through if the mesh allows it', () => {
  const blocked = explain(documents(service('reviews')), { authority: 'revews' });
  assert.equal(blocked.outcome, 'blocked');
  assert.ok(blocked.steps.some((step) => step.includes('did you mean reviews')));
  const open = explainOutbound(
    documents(),
    { ...CALL, authority: 'a.example' },
    { mesh: { outboundTrafficPolicy: 'ALLOW_ANY' } },
  );
  assert.equal(open.outcome, 'route');
  assert.equal(open.picked, 'PassthroughCluster');
});

test('a service without a VirtualService takes the default route', () => {
  const found = explain(documents(service('reviews')));
  assert.equal(found.virtualService, null);
  assert.equal(found.route, null);
  assert.equal(found.picked, cluster(''));
  assert.equal(found.timeoutMs, null);
  assert.equal(found.retries?.attempts, 2);
  assert.equal(found.retries?.on.includes('5xx'), false);
});

test('timeout, retries, mirror, rewrite and headers of the rule are told', () => {
  const found = explain(
    documents(
      rules({
        match: [{ uri: { prefix: '/reviews' } }],
        route: [to('v1')],
        timeout: '1.5s',
        retries: { attempts: 3, perTryTimeout: '500ms', retryOn: 'reset,503' },
        mirror: { host: 'reviews', subset: 'v3' },
        mirrorPercentage: { value: 12.5 },
        rewrite: { uri: '/r', authority: 'other' },
        headers: {
          request: { set: { A: '1' }, remove: ['b'] },
          response: { add: { C: '2' }, remove: ['d'] },
        },
      }),
      service('reviews'),
    ),
    { headers: { b: 'x' } },
  );
  assert.equal(found.timeoutMs, 1500);
  assert.deepEqual(found.retries, {
    attempts: 3,
    perTryTimeoutMs: 500,
    on: ['reset', 'retriable-status-codes'],
  });
  assert.deepEqual(found.mirrors, [{ cluster: cluster('v3'), percentage: 12.5 }]);
  assert.deepEqual(found.request, {
    method: 'GET',
    scheme: 'http',
    authority: 'other',
    path: '/r/0',
    headers: { a: '1', 'x-envoy-original-path': '/reviews/0' },
  });
  assert.deepEqual(found.responseHeaders, { set: {}, add: { c: '2' }, remove: ['d'] });
});

test('with several destinations a set of the rule beats that of the destination', () => {
  const headers = (value: string) => ({ headers: { response: { set: { x: value } } } });
  const several = [{ ...to('v1', 1), ...headers('destination') }, to('v2', 1)];
  const files = (route: object[]) => documents(rules({ route, ...headers('rule') }), service('reviews'));
  assert.equal(explain(files(several), { random: 0 }).responseHeaders.set.x, 'rule');
  assert.equal(
    explain(files([several[0]!, to('v2', 0)])).responseHeaders.set.x,
    'rule',
    'a weight of 0 counts here',
  );
  assert.equal(explain(files([several[0]!])).responseHeaders.set.x, 'destination');
});

test('a redirect and a direct response are answers of the mesh', () => {
  const redirect = explain(
    documents(rules({ redirect: { uri: '/new', redirectCode: 302 } }), service('reviews')),
  );
  assert.equal(redirect.outcome, 'redirect');
  assert.deepEqual(redirect.redirect, { status: 302, location: 'http://reviews:9080/new' });
  const direct = explain(
    documents(rules({ directResponse: { status: 503, body: { string: 'no' } } }), service('reviews')),
  );
  assert.equal(direct.outcome, 'directResponse');
  assert.deepEqual(direct.directResponse, { status: 503, body: 'no' });
});

test('a fault fires by the draw, always at 100 percent, and never without a percentage', () => {
  const files = (abort: object) =>
    documents(rules({ route: [to('v1')], fault: { abort } }), service('reviews'));
  const half = { percentage: { value: 50 }, httpStatus: 418 };
  assert.deepEqual(explain(files(half), { random: 0.4 }).fault, {
    delayMs: null,
    abortStatus: 418,
    grpcStatus: null,
  });
  assert.equal(explain(files(half), { random: 0.4 }).outcome, 'abort');
  assert.equal(explain(files(half), { random: 0.6 }).outcome, 'route');
  assert.equal(explain(files(half)).fault, null, 'only what is certain is told without a draw');
  assert.equal(explain(files({ percentage: { value: 100 }, httpStatus: 418 })).outcome, 'abort');
  assert.equal(explain(files({ httpStatus: 418 }), { random: 0 }).outcome, 'route');
});

test('a subset that no DestinationRule knows is told as a cluster that does not exist', () => {
  const found = explain(documents(rules({ route: [to('v9')] }), SUBSETS, service('reviews')));
  assert.equal(found.picked, cluster('v9'));
  assert.ok(found.steps.some((step) => step.includes("no subset 'v9'") && step.includes('NC')));
});

test('at a gateway only what a VirtualService of that gateway names is there', () => {
  const atGateway = { ...CALL.source, gateway: 'default/gw' };
  const rule = {
    kind: 'VirtualService',
    spec: { hosts: ['a.example'], gateways: ['gw'], http: [{ route: [to('v1')] }] },
  };
  const files = documents(rule, service('reviews'));
  const found = explain(files, { source: atGateway, authority: 'a.example' });
  assert.equal(found.virtualService, 'default/x');
  assert.equal(found.picked, cluster('v1'));
  assert.equal(explain(files, { source: atGateway }).outcome, 'noRoute');
});

test('a header called constructor is only a header', () => {
  const match = [{ headers: { constructor: { exact: 'x' } } }];
  const files = documents(rules({ match, route: [to('v1')] }), service('reviews'));
  assert.equal(explain(files).outcome, 'noRoute');
  assert.equal(explain(files, { headers: { constructor: 'x' } }).outcome, 'route');
});

test('a resource that is not valid is left out and named', () => {
  const found = explain(documents(rules({ route: [to('v1')], timeout: '0s' }), service('reviews')));
  assert.equal(found.virtualService, null);
  assert.match(
    found.steps[0]!,
    /left out: policy\.yaml:1 VirtualService default\/x spec\.http\[0\]\.timeout/,
  );
});

test('a call of the wrong shape and a file that is not YAML are refused', () => {
  assert.throws(
    () => explainOutbound([], { ...CALL, random: 1 }),
    (error: unknown) => isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'),
  );
  assert.throws(
    () => explainOutbound([{ file: 'a', text: ': [' }], CALL),
    (error: unknown) => isMeshError(error, 'HEDDLE_INVALID_POLICY'),
  );
});
