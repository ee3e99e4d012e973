/**
 * The situations of Istio's own tests of routes: which calls a rule is for.
 * @source Istio `pilot/pkg/networking/core/route/route_test.go`
 */
import { cluster, row, rules, to } from './explain-outbound-rows.test.helper.js';

const V1 = { outcome: 'route', picked: cluster('v1') } as const;
const V2 = { outcome: 'route', picked: cluster('v2') } as const;
const either = (match: string) =>
  rules(`{ match: [${match}], route: [${to('v1')}] }, { route: [${to('v2')}] }`);

const conditions: [what: string, match: string, call: object, matches: boolean][] = [
  ['a prefix is characters, not segments', '{ uri: { prefix: /foo } }', { path: '/foobar' }, true],
  ['a prefix is not found elsewhere', '{ uri: { prefix: /foo } }', { path: '/a/foo' }, false],
  ['an exact path has no query', '{ uri: { exact: /foo } }', { path: '/foo?a=b' }, true],
  ['an exact path minds case', '{ uri: { exact: /foo } }', { path: '/Foo' }, false],
  ['unless it is told not to', '{ uri: { exact: /foo }, ignoreUriCase: true }', { path: '/Foo' }, true],
  ['nor a prefix then', '{ uri: { prefix: /foo }, ignoreUriCase: true }', { path: '/FOOBAR' }, true],
  [
    'an expression always minds case',
    '{ uri: { regex: "/foo.*" }, ignoreUriCase: true }',
    { path: '/FOO' },
    false,
  ],
  ['an expression matches all of the path', '{ uri: { regex: "/fo" } }', { path: '/foo' }, false],
  [
    'an expression is held against the path without its query',
    '{ uri: { regex: "/foo" } }',
    { path: '/foo?x' },
    true,
  ],
  ['an empty condition on the path asks for nothing', '{ uri: {} }', { path: '/x' }, true],
  ['a prefix that is empty asks for nothing', '{ uri: { prefix: "" } }', { path: '/x' }, true],
  ['a method is matched', '{ method: { exact: POST } }', { method: 'POST' }, true],
  ['a method minds case', '{ method: { exact: post } }', { method: 'POST' }, false],
  ['a method by expression', '{ method: { regex: "GET|HEAD" } }', { method: 'HEAD' }, true],
  ['a scheme is matched', '{ scheme: { exact: http } }', {}, true],
  ['another scheme is not', '{ scheme: { exact: https } }', {}, false],
  ['an authority has its port', '{ authority: { exact: reviews } }', {}, false],
  ['an authority as it was sent', '{ authority: { exact: "reviews:9080" } }', {}, true],
  ['an authority by prefix', '{ authority: { prefix: reviews } }', {}, true],
  [
    'a header is matched whatever the case of its name',
    '{ headers: { X-A: { exact: b } } }',
    { headers: { 'x-A': 'b' } },
    true,
  ],
  [
    'the value of a header minds case',
    '{ headers: { x-a: { exact: b } } }',
    { headers: { 'x-a': 'B' } },
    false,
  ],
  [
    'a header by expression, all of it',
    '{ headers: { x-a: { regex: "b+" } } }',
    { headers: { 'x-a': 'bbc' } },
    false,
  ],
  ['a header that is there', '{ headers: { x-a: {} } }', { headers: { 'x-a': '' } }, true],
  ['a header that is not', '{ headers: { x-a: {} } }', {}, false],
  [
    'without a star in place of an expression, and it is not there',
    '{ withoutHeaders: { x-a: { regex: "*" } } }',
    {},
    true,
  ],
  [
    'without a star in place of an expression, and it is there',
    '{ withoutHeaders: { x-a: { regex: "*" } } }',
    { headers: { 'x-a': 'x' } },
    false,
  ],
  [
    'all headers must match',
    '{ headers: { x-a: { exact: b }, x-b: { exact: c } } }',
    { headers: { 'x-a': 'b' } },
    false,
  ],
  [
    'without a header of a value, and it has another',
    '{ withoutHeaders: { x-a: { exact: b } } }',
    { headers: { 'x-a': 'c' } },
    true,
  ],
  ['without a header of a value, and it is not there', '{ withoutHeaders: { x-a: { exact: b } } }', {}, true],
  [
    'without a header of a value, and it has it',
    '{ withoutHeaders: { x-a: { exact: b } } }',
    { headers: { 'x-a': 'b' } },
    false,
  ],
  [
    'without a header by an expression that takes nothing, and it is not there',
    '{ withoutHeaders: { x-a: { regex: ".*" } } }',
    {},
    false,
  ],
  ['without a header, and it is not there', '{ withoutHeaders: { x-a: {} } }', {}, true],
  ['without a header, and it is empty', '{ withoutHeaders: { x-a: {} } }', { headers: { 'x-a': '' } }, false],
  ['a query parameter is matched', '{ queryParams: { v: { exact: "1" } } }', { path: '/?v=1' }, true],
  ['the first of its values counts', '{ queryParams: { v: { exact: "2" } } }', { path: '/?v=1&v=2' }, false],
  ['a query parameter by prefix', '{ queryParams: { v: { prefix: "1" } } }', { path: '/?a=b&v=12' }, true],
  [
    'a query parameter by expression, all of it',
    '{ queryParams: { v: { regex: "[0-9]" } } }',
    { path: '/?v=12' },
    false,
  ],
  ['a query parameter that is there', '{ queryParams: { v: {} } }', { path: '/?v' }, true],
  [
    'a query parameter that is empty is not another',
    '{ queryParams: { v: { exact: "" } } }',
    { path: '/?v=' },
    true,
  ],
  ['a query parameter that is not there', '{ queryParams: { v: {} } }', { path: '/?w=1' }, false],
  ['the name of a query parameter minds case', '{ queryParams: { v: {} } }', { path: '/?V=1' }, false],
  ['the port that was called', '{ port: 9080 }', {}, true],
  ['any other port', '{ port: 9081 }', {}, false],
  [
    'labels of the caller, of which it may have more',
    '{ sourceLabels: { app: productpage } }',
    { source: { labels: { app: 'productpage', version: 'v1' } } },
    true,
  ],
  [
    'labels of the caller, of which it has too few',
    '{ sourceLabels: { app: productpage, version: v1 } }',
    {},
    false,
  ],
  ['the namespace of the caller', '{ sourceNamespace: default }', {}, true],
  ['any other namespace', '{ sourceNamespace: other }', {}, false],
  ['a list of gateways that has the mesh', '{ gateways: [mesh] }', {}, true],
  ['a list of gateways masks the namespace', '{ gateways: [mesh], sourceNamespace: other }', {}, true],
  ['a list of gateways without the mesh', '{ gateways: [front] }', {}, false],
  [
    'one of several matches',
    '{ uri: { prefix: /a } }, { headers: { x-a: { exact: b } } }',
    { headers: { 'x-a': 'b' } },
    true,
  ],
  [
    'conditions of one match hold together',
    '{ uri: { prefix: /a }, headers: { x-a: { exact: b } } }',
    { headers: { 'x-a': 'b' } },
    false,
  ],
];
for (const [what, match, call, matches] of conditions) row(what, either(match), call, matches ? V1 : V2);
