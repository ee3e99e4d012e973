/**
 * The situations of Istio's own tests of routes: paths and authorities that are rewritten, redirects, answers of the mesh itself.
 * @source Istio `pilot/pkg/networking/core/route/route_test.go`; Envoy `config_impl.cc`
 */
import { cluster, row, rules, to } from './explain-outbound-rows.test.helper.js';

const V1 = { outcome: 'route', picked: cluster('v1') } as const;
const forward = (more: string) => rules(`{ ${more}, route: [${to('v1')}] }`);

const replaced = (path: string, authority = 'reviews:9080') =>
  ({
    request: { method: 'GET', scheme: 'http', authority, path, headers: { 'x-envoy-original-path': '' } },
  }) as const;
const rewrites: [what: string, rule: string, path: string, after: string][] = [
  [
    'a prefix is replaced',
    'match: [{ uri: { prefix: /prefix-route1 } }], rewrite: { uri: /new }',
    '/prefix-route1/x?q',
    '/new/x?q',
  ],
  [
    'a prefix without its slash leaves two',
    'match: [{ uri: { prefix: /a } }], rewrite: { uri: / }',
    '/a/b',
    '//b',
  ],
  ['a prefix with its slash', 'match: [{ uri: { prefix: /a/ } }], rewrite: { uri: / }', '/a/b', '/b'],
  [
    'an exact path is replaced as a whole',
    'match: [{ uri: { exact: /a } }], rewrite: { uri: /b }',
    '/a?q=1',
    '/b?q=1',
  ],
  [
    'a path matched by an expression is replaced as a whole',
    'match: [{ uri: { regex: "/a.*" } }], rewrite: { uri: /b }',
    '/abc?q=1',
    '/b?q=1',
  ],
  ['without a condition on the path the first slash is replaced', 'rewrite: { uri: /b/ }', '/a', '/b/a'],
  [
    'a prefix in another case is replaced, too',
    'match: [{ uri: { prefix: /a }, ignoreUriCase: true }], rewrite: { uri: /b }',
    '/A/c',
    '/b/c',
  ],
  [
    'an expression replaces what it finds',
    'rewrite: { uriRegexRewrite: { match: "^/service/([^/]+)(/.*)$", rewrite: "\\\\2/instance/\\\\1" } }',
    '/service/foo/v1/api?q',
    '/v1/api/instance/foo?q',
  ],
  [
    'an expression replaces all that it finds',
    'rewrite: { uriRegexRewrite: { match: one, rewrite: two } }',
    '/xxx/one/yyy/one/zzz',
    '/xxx/two/yyy/two/zzz',
  ],
  [
    'an expression that finds nothing leaves the path',
    'rewrite: { uriRegexRewrite: { match: nope, rewrite: x } }',
    '/a',
    '/a',
  ],
];
for (const [what, rule, path, after] of rewrites)
  row(
    what,
    forward(rule),
    { path },
    {
      request: { ...replaced(after).request, headers: { 'x-envoy-original-path': path } },
    },
  );
row(
  'the authority alone is rewritten',
  forward('rewrite: { authority: foo.example }'),
  {},
  {
    request: { method: 'GET', scheme: 'http', authority: 'foo.example', path: '/reviews/0', headers: {} },
    ...V1,
  },
);
const authority = (what: string, rule: string, after: string) =>
  row(
    what,
    rules(rule),
    { path: '/' },
    {
      request: { method: 'GET', scheme: 'http', authority: after, path: '/', headers: {} },
    },
  );
authority(
  'the authority set as a header',
  `{ headers: { request: { set: { ":authority": a.example } } }, route: [${to('v1')}] }`,
  'a.example',
);
authority(
  'the authority set by the name host',
  `{ headers: { request: { set: { Host: a.example } } }, route: [${to('v1')}] }`,
  'a.example',
);
authority(
  'the authority added as a header',
  `{ headers: { request: { add: { ":authority": a.example } } }, route: [${to('v1')}] }`,
  'a.example',
);
authority(
  "the authority of the rule before the destination's",
  `{ rewrite: { authority: rule.example }, route: [{ destination: { host: reviews, subset: v1 }, headers: { request: { set: { ":authority": dest.example } } } }] }`,
  'rule.example',
);
authority(
  "the destination's authority where the rule has none",
  `{ route: [{ destination: { host: reviews, subset: v1 }, headers: { request: { set: { ":authority": dest.example } } } }] }`,
  'dest.example',
);

const redirects: [what: string, redirect: string, call: object, status: number, location: string][] = [
  [
    'a whole path',
    '{ uri: example.org, authority: some-authority.example, redirectCode: 308 }',
    {},
    308,
    'http://some-authority.example/example.org',
  ],
  ['the query is kept', '{ uri: /new }', { path: '/a?b=c' }, 301, 'http://reviews:9080/new?b=c'],
  [
    'unless there is a new one',
    '{ uri: "/new?x=y" }',
    { path: '/a?b=c' },
    301,
    'http://reviews:9080/new?x=y',
  ],
  [
    'another authority keeps the path',
    '{ authority: other.example }',
    { path: '/a?b=c' },
    301,
    'http://other.example/a?b=c',
  ],
  [
    'another scheme keeps the port where it is no default',
    '{ scheme: https }',
    {},
    301,
    'https://reviews:9080/reviews/0',
  ],
  [
    'another scheme drops the default port',
    '{ scheme: https }',
    { authority: 'reviews:80' },
    301,
    'https://reviews/reviews/0',
  ],
  [
    'another port',
    '{ port: 8443, scheme: https, redirectCode: 302 }',
    {},
    302,
    'https://reviews:8443/reviews/0',
  ],
  [
    'the default port of the scheme is left out',
    '{ authority: a.example, port: 443, scheme: https }',
    {},
    301,
    'https://a.example/reviews/0',
  ],
  [
    'the port of the request',
    '{ authority: a.example, derivePort: FROM_REQUEST_PORT }',
    {},
    301,
    'http://a.example:9080/reviews/0',
  ],
  [
    'the default port by the scheme',
    '{ authority: a.example, scheme: https, derivePort: FROM_PROTOCOL_DEFAULT }',
    {},
    301,
    'https://a.example/reviews/0',
  ],
  ['303 and 307 are taken as they are', '{ uri: /x, redirectCode: 303 }', {}, 303, 'http://reviews:9080/x'],
  ['307', '{ uri: /x, redirectCode: 307 }', {}, 307, 'http://reviews:9080/x'],
];
for (const [what, redirect, call, status, location] of redirects)
  row(`redirect: ${what}`, rules(`{ redirect: ${redirect} }`), call, {
    outcome: 'redirect',
    redirect: { status, location },
    clusters: [],
    picked: null,
    retries: null,
    directResponse: null,
  });
row(
  'redirect: a prefix is replaced',
  rules('{ match: [{ uri: { prefix: /prefix/ } }], redirect: { prefixRewrite: /replace-prefix/ } }'),
  { path: '/prefix/a?b' },
  { outcome: 'redirect', redirect: { status: 301, location: 'http://reviews:9080/replace-prefix/a?b' } },
);
row(
  'a redirect changes response headers',
  rules('{ headers: { response: { set: { x-a: b }, remove: [x-c] } }, redirect: { uri: /x } }'),
  {},
  { outcome: 'redirect', responseHeaders: { set: { 'x-a': 'b' }, add: {}, remove: ['x-c'] } },
);
row(
  'a direct response',
  rules('{ directResponse: { status: 503, body: { string: overloaded } } }'),
  {},
  {
    outcome: 'directResponse',
    directResponse: { status: 503, body: 'overloaded' },
    route: { index: 0, name: null },
  },
);
row(
  'a direct response of bytes',
  rules('{ directResponse: { status: 200, body: { bytes: aGk= } } }'),
  {},
  {
    directResponse: { status: 200, body: 'hi' },
  },
);
row(
  'a direct response without a body',
  rules('{ directResponse: { status: 404 } }'),
  {},
  {
    directResponse: { status: 404, body: '' },
  },
);
