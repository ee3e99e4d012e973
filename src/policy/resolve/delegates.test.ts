import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpMatchSpec, HttpRouteSpec, VirtualServiceSpec } from '../kinds/virtual-service.js';
import { delegatesOf, mergeRules, rulesOf } from './delegates.js';
import type { Typed } from './typed.js';

function virtualService(id: string, spec: VirtualServiceSpec): Typed<VirtualServiceSpec> {
  const [namespace, name] = id.split('/') as [string, string];
  return { id, metadata: { namespace, name }, spec };
}

const to = (host: string) => [{ destination: { host } }];

const MATCHES: readonly [
  what: string,
  root: readonly HttpMatchSpec[],
  leaf: readonly HttpMatchSpec[],
  merged: readonly HttpMatchSpec[] | null,
][] = [
  ['no condition of the root', [], [{ uri: { prefix: '/b' } }], [{ uri: { prefix: '/b' } }]],
  ['no condition of the delegate', [{ uri: { prefix: '/a' } }], [], [{ uri: { prefix: '/a' } }]],
  [
    'a longer prefix',
    [{ uri: { prefix: '/a' } }],
    [{ uri: { prefix: '/a/b' } }],
    [{ uri: { prefix: '/a/b' } }],
  ],
  [
    'an exact path under the prefix',
    [{ uri: { prefix: '/a' } }],
    [{ uri: { exact: '/a/b' } }],
    [{ uri: { exact: '/a/b' } }],
  ],
  ['a shorter prefix', [{ uri: { prefix: '/a/b' } }], [{ uri: { prefix: '/a' } }], null],
  ['another exact path', [{ uri: { exact: '/a' } }], [{ uri: { exact: '/b' } }], null],
  ['the same exact path', [{ uri: { exact: '/a' } }], [{ uri: { exact: '/a' } }], [{ uri: { exact: '/a' } }]],
  ['a prefix of an exact path', [{ uri: { exact: '/a/b' } }], [{ uri: { prefix: '/a' } }], null],
  ['an expression of the root', [{ uri: { regex: '/a.*' } }], [{ uri: { exact: '/ab' } }], null],
  ['an expression of the delegate', [{ uri: { prefix: '/a' } }], [{ uri: { regex: '/a.*' } }], null],
  ['the same expression', [{ uri: { regex: '/a' } }], [{ uri: { regex: '/a' } }], null],
  ['presence and a value', [{ headers: { a: {} } }], [{ headers: { a: { exact: '1' } } }], null],
  [
    'different attributes',
    [{ uri: { prefix: '/a' } }],
    [{ method: { exact: 'GET' } }],
    [{ uri: { prefix: '/a' }, method: { exact: 'GET' } }],
  ],
  [
    'different headers',
    [{ headers: { a: { exact: '1' } } }],
    [{ headers: { b: { exact: '2' } } }],
    [{ headers: { a: { exact: '1' }, b: { exact: '2' } } }],
  ],
  [
    'a header of the name constructor',
    [{ headers: {} }],
    [{ headers: { constructor: { exact: '2' } } }],
    [{ headers: { constructor: { exact: '2' } } }],
  ],
  [
    'other values of one header',
    [{ headers: { a: { exact: '1' } } }],
    [{ headers: { a: { exact: '2' } } }],
    null,
  ],
  [
    'other values of one parameter',
    [{ queryParams: { a: { exact: '1' } } }],
    [{ queryParams: { a: { exact: '2' } } }],
    null,
  ],
  [
    'other values of a header that may not be',
    [{ withoutHeaders: { a: { exact: '1' } } }],
    [{ withoutHeaders: { a: { exact: '2' } } }],
    null,
  ],
  ['case that counts here and not there', [{ ignoreUriCase: true }], [{ uri: { prefix: '/a' } }], null],
  ['different ports', [{ port: 80 }], [{ port: 81 }], null],
  ['a port of the root', [{ port: 80 }], [{ uri: { exact: '/a' } }], [{ port: 80, uri: { exact: '/a' } }]],
  [
    'a namespace that the delegate does not say',
    [{ sourceNamespace: 'a' }],
    [{ uri: { exact: '/a' } }],
    null,
  ],
  [
    'a namespace that only the delegate says',
    [{ uri: { prefix: '/' } }],
    [{ sourceNamespace: 'a' }],
    [{ uri: { prefix: '/' }, sourceNamespace: 'a' }],
  ],
  ['other values of one label', [{ sourceLabels: { app: 'a' } }], [{ sourceLabels: { app: 'b' } }], null],
  [
    'different labels',
    [{ sourceLabels: { app: 'a' } }],
    [{ sourceLabels: { v: '1' } }],
    [{ sourceLabels: { app: 'a', v: '1' } }],
  ],
  [
    'gateways among those of the root',
    [{ gateways: ['mesh', 'a/b'] }],
    [{ gateways: ['a/b'] }],
    [{ gateways: ['a/b'] }],
  ],
  ['a gateway that the root has not', [{ gateways: ['mesh'] }], [{ gateways: ['a/b'] }], null],
  [
    'one of two that fits, and the name of both',
    [
      { name: 'x', uri: { prefix: '/a' } },
      { name: 'y', uri: { prefix: '/b' } },
    ],
    [{ name: 'z', uri: { prefix: '/b/c' } }],
    [{ name: 'y-z', uri: { prefix: '/b/c' } }],
  ],
  [
    'each pair that fits',
    [{ uri: { prefix: '/a' } }, { method: { exact: 'GET' } }],
    [{ uri: { exact: '/a' } }],
    [{ uri: { exact: '/a' } }, { uri: { exact: '/a' }, method: { exact: 'GET' } }],
  ],
  [
    'one of the delegate that fits nowhere spoils the rule',
    [{ uri: { prefix: '/a' } }],
    [{ uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }],
    null,
  ],
];

/** Without what is undefined. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

for (const [what, root, leaf, merged] of MATCHES)
  test(`conditions of root and delegate: ${what} ${merged === null ? 'contradict' : 'go together'}`, () => {
    const rule = mergeRules({ match: [...root] }, { match: [...leaf], route: to('a') });
    assert.deepEqual(plain(rule?.match), merged);
  });

test('the root fills in whole blocks where the delegate says nothing, and the names are joined', () => {
  const root: HttpRouteSpec = {
    name: 'root',
    timeout: '1s',
    retries: { attempts: 3, retryOn: '5xx' },
    headers: { request: { set: { a: '1' } } },
    fault: { abort: { httpStatus: 500 } },
  };
  const leaf: HttpRouteSpec = {
    name: 'leaf',
    route: to('a'),
    timeout: '2s',
    headers: { response: { set: { b: '2' } } },
  };
  assert.deepEqual(plain(mergeRules(root, leaf)), {
    name: 'root-leaf',
    match: [],
    route: to('a'),
    timeout: '2s',
    retries: { attempts: 3, retryOn: '5xx' },
    headers: { response: { set: { b: '2' } } },
    fault: { abort: { httpStatus: 500 } },
  });
});

function rules(root: Typed<VirtualServiceSpec>, ...others: Typed<VirtualServiceSpec>[]) {
  return rulesOf(root, (id) => others.find((one) => one.id === id)).map(({ index, rule, delegate }) => ({
    index,
    delegate,
    hosts: rule.route?.map(({ destination }) => destination.host),
  }));
}

const ROOT = virtualService('one/root', {
  hosts: ['a'],
  http: [{ delegate: { name: 'd' } }, { delegate: { name: 'd', namespace: 'two' } }, { route: to('last') }],
});

test('rules of delegates stand where the root names them; names belong to the namespace of who says them', () => {
  assert.deepEqual(delegatesOf(ROOT), ['one/d', 'two/d']);
  const one = virtualService('one/d', { http: [{ route: to('x') }, { route: to('y') }] });
  const two = virtualService('two/d', { http: [{ route: to('x') }] });
  assert.deepEqual(rules(ROOT, one, two), [
    { index: 0, delegate: 'one/d', hosts: ['x.one.svc.cluster.local'] },
    { index: 0, delegate: 'one/d', hosts: ['y.one.svc.cluster.local'] },
    { index: 1, delegate: 'two/d', hosts: ['x.two.svc.cluster.local'] },
    { index: 2, delegate: undefined, hosts: ['last.one.svc.cluster.local'] },
  ]);
});

test('a delegate that is missing, hidden, or a VirtualService of its own takes only its rule with it', () => {
  const last = [{ index: 2, delegate: undefined, hosts: ['last.one.svc.cluster.local'] }];
  assert.deepEqual(rules(ROOT), last);
  const http = [{ route: to('x') }];
  assert.deepEqual(rules(ROOT, virtualService('two/d', { exportTo: ['.'], http })), last);
  assert.equal(rules(ROOT, virtualService('two/d', { exportTo: ['one'], http })).length, 2);
  assert.deepEqual(rules(ROOT, virtualService('one/d', { hosts: ['own'], http })), last);
});

test('a delegate of a delegate is not followed', () => {
  const one = virtualService('one/d', { http: [{ delegate: { name: 'e' } }, { route: to('x') }] });
  const deeper = virtualService('one/e', { http: [{ route: to('y') }] });
  assert.deepEqual(
    rules(ROOT, one, deeper).map(({ hosts }) => hosts),
    [['x.one.svc.cluster.local'], ['last.one.svc.cluster.local']],
  );
});
