/**
 * VirtualService against Istio's own validation.
 * @source Istio `pkg/config/validation/virtualservice_test.go`, `validation_test.go` (TestValidateVirtualService, …HTTPRoute, …CORSPolicy,
 *   …HTTPRetry, …HTTPRedirect, …HTTPRewrite, …HTTPDirectResponse, …HTTPFaultInjection*, …Destination, …HTTPHeaderValue, …exportTo)
 */
import { table } from './table.test.helper.js';

const ROUTE = 'route: [{ destination: { host: b.example } }]';
const rule = (part: string) => `{ hosts: [a.example], http: [{ ${part} }] }`;
const routed = (part: string) => rule(`${ROUTE}, ${part}`);
const matched = (part: string) => routed(`match: [${part}]`);

table('VirtualService', [
  ['valid', 'a host and a route', rule(ROUTE)],
  ['invalid', 'no route of any kind', '{ hosts: [a.example] }'],
  ['invalid', 'an empty rule', rule('')],
  [
    'invalid',
    'a host with a character that DNS does not have',
    `{ hosts: ["a.ex!mple"], http: [{ ${ROUTE} }] }`,
  ],
  [
    'invalid',
    'a wildcard and a wildcard within it',
    `{ hosts: ["*.a.example", "*.example"], http: [{ ${ROUTE} }] }`,
  ],
  ['valid', 'an IP address as host', `{ hosts: [10.0.0.1], http: [{ ${ROUTE} }] }`],
  [
    'valid',
    'a host that starts with a part of a label',
    `{ hosts: ["*-x.a.example"], http: [{ ${ROUTE} }] }`,
  ],
  ['invalid', 'a wildcard in the middle', `{ hosts: ["a.*.example"], http: [{ ${ROUTE} }] }`],
  ['invalid', 'every host in the mesh', `{ hosts: ["*"], http: [{ ${ROUTE} }] }`],
  [
    'invalid',
    'every host in the mesh and at a gateway',
    `{ hosts: ["*"], gateways: [mesh, gw], http: [{ ${ROUTE} }] }`,
  ],
  ['valid', 'every host at a gateway', `{ hosts: ["*"], gateways: [gw], http: [{ ${ROUTE} }] }`],
  ['valid', 'a short name at a gateway', `{ hosts: [a], gateways: [gw], http: [{ ${ROUTE} }] }`],
  ['invalid', 'a gateway that is no name', `{ hosts: [a.example], gateways: ["b@d"], http: [{ ${ROUTE} }] }`],
  [
    'warning',
    'a gateway named like a host',
    `{ hosts: [a.example], gateways: [gw.ns.example], http: [{ ${ROUTE} }] }`,
  ],
  [
    'invalid',
    'a gateway named like a host, badly',
    `{ hosts: [a.example], gateways: ["gw.n_s"], http: [{ ${ROUTE} }] }`,
  ],
  ['valid', 'a gateway of a namespace', `{ hosts: [a.example], gateways: [ns1/gw], http: [{ ${ROUTE} }] }`],
  [
    'invalid',
    'all gateways of a namespace',
    `{ hosts: [a.example], gateways: ["ns1/*"], http: [{ ${ROUTE} }] }`,
  ],
  [
    'invalid',
    'a gateway of all namespaces',
    `{ hosts: [a.example], gateways: ["*/gw"], http: [{ ${ROUTE} }] }`,
  ],
  [
    'invalid',
    'a gateway of this namespace by a dot',
    `{ hosts: [a.example], gateways: [./gw], http: [{ ${ROUTE} }] }`,
  ],
  [
    'warning',
    'a prefix on GET behind a shorter prefix',
    matched('{ uri: { prefix: /a } }, { uri: { prefix: /ab }, method: { exact: GET } }'),
  ],
  [
    'valid',
    'an exact path behind a prefix',
    matched('{ uri: { prefix: / } }, { uri: { exact: / }, method: { exact: GET } }'),
  ],
  [
    'valid',
    'a longer prefix on another method',
    matched(
      '{ uri: { prefix: /a }, method: { exact: GET } }, { uri: { prefix: /ab }, method: { exact: POST } }',
    ),
  ],
  ['warning', 'the same match twice', matched('{ uri: { prefix: /a } }, { uri: { prefix: /a } }')],
]);

table(
  'VirtualService',
  [['invalid', 'a dry run', '']],
  () => rule(ROUTE),
  ', annotations: { istio.io/dry-run: "true" }',
);

table(
  'VirtualService',
  [
    ['valid', 'nobody in particular', '[]'],
    ['valid', 'everybody', '["*"]'],
    ['valid', 'here and there', '[".", ns1]'],
    ['valid', 'three namespaces, its own among them', '[ns1, ns2, ns5]'],
    ['invalid', 'nobody', '["~"]'],
    ['invalid', 'nobody and somebody', '["~", ns1]'],
    ['invalid', 'here and everybody', '[".", "*"]'],
    ['invalid', 'everybody and somebody', '["*", ns1]'],
    ['invalid', 'here, said twice', '[".", ns5]'],
    ['invalid', 'one twice', '[ns1, ns2, ns1]'],
    ['invalid', 'what is no namespace', '[ns1_]'],
  ],
  (exportTo) => `{ hosts: [a.example], exportTo: ${exportTo}, http: [{ ${ROUTE} }] }`,
);

table(
  'VirtualService',
  [
    [
      'valid',
      'a destination with subset and port',
      '[{ destination: { host: b.example, subset: v1, port: { number: 5000 } } }]',
    ],
    ['invalid', 'a destination without a host', '[{ destination: {} }]'],
    ['invalid', 'a route without a destination', '[{ weight: 1 }]'],
    ['invalid', 'a destination port without a number', '[{ destination: { host: b.example, port: {} } }]'],
    ['valid', 'a destination with a wildcard of a label', '[{ destination: { host: "*-b.example" } }]'],
    ['valid', 'a destination with a wildcard in a label', '[{ destination: { host: "*b.example" } }]'],
    ['invalid', 'every host as destination', '[{ destination: { host: "*" } }]'],
    ['invalid', 'a wildcard at the end of a destination', '[{ destination: { host: "b.*" } }]'],
    ['invalid', 'a destination with a namespace before it', '[{ destination: { host: ns/b } }]'],
    ['invalid', 'an address as destination', '[{ destination: { host: 10.0.0.1 } }]'],
    ['invalid', 'a subset that is no label', '[{ destination: { host: b, subset: V_1 } }]'],
    [
      'valid',
      'weights of a hundred',
      '[{ destination: { host: b }, weight: 25 }, { destination: { host: c }, weight: 75 }]',
    ],
    [
      'valid',
      'weights of more',
      '[{ destination: { host: b }, weight: 550 }, { destination: { host: c }, weight: 500 }]',
    ],
    [
      'valid',
      'weights of less',
      '[{ destination: { host: b }, weight: 49 }, { destination: { host: c }, weight: 50 }]',
    ],
    [
      'valid',
      'a weight of 0 beside one of 100',
      '[{ destination: { host: b }, weight: 100 }, { destination: { host: c }, weight: 0 }]',
    ],
    ['valid', 'a lone weight of 0', '[{ destination: { host: b }, weight: 0 }]'],
    [
      'invalid',
      'weights of 0 only',
      '[{ destination: { host: b }, weight: 0 }, { destination: { host: c }, weight: 0 }]',
    ],
    [
      'invalid',
      'a negative weight',
      '[{ destination: { host: b }, weight: 5 }, { destination: { host: c }, weight: -1 }]',
    ],
    [
      'valid',
      'operations on headers',
      '[{ destination: { host: b }, headers: { request: { add: { n: "" }, set: { n: "" }, remove: [n] }, response: { add: { n: "" }, set: { n: "" }, remove: [n] } } }]',
    ],
    [
      'valid',
      'the authority set for a destination',
      '[{ destination: { host: b }, headers: { request: { set: { ":authority": x } } } }]',
    ],
  ],
  (route) => rule(`route: ${route}`),
);

for (const place of [
  (headers: string) => routed(`headers: ${headers}`),
  (headers: string) => rule(`route: [{ destination: { host: b }, headers: ${headers} }]`),
])
  table(
    'VirtualService',
    [
      ['invalid', 'a nameless header added to requests', '{ request: { add: { "": v } } }'],
      ['invalid', 'a nameless header set on requests', '{ request: { set: { "": v } } }'],
      ['invalid', 'a nameless header removed from requests', '{ request: { remove: [""] } }'],
      ['invalid', 'a nameless header added to responses', '{ response: { add: { "": v } } }'],
      ['invalid', 'a nameless header set on responses', '{ response: { set: { "": v } } }'],
      ['invalid', 'a nameless header removed from responses', '{ response: { remove: [""] } }'],
      ['invalid', 'a pseudo-header set on requests', '{ request: { set: { ":path": v } } }'],
      ['invalid', 'the host removed from requests', '{ request: { remove: [host] } }'],
      ['invalid', 'the authority set on responses', '{ response: { set: { ":authority": v } } }'],
      ['valid', 'the host set on requests', '{ request: { set: { Host: v } } }'],
      ['valid', 'a plain value', '{ response: { set: { n: foo } } }'],
      [
        'valid',
        'an escaped percent sign',
        '{ response: { set: { n: "100%%" }, add: { m: "100%% and more" } } }',
      ],
      [
        'valid',
        'a command of the proxy',
        '{ response: { set: { n: "%HOSTNAME%" }, add: { m: "hello %HOSTNAME% bye" } } }',
      ],
      ['invalid', 'a lone percent sign', '{ response: { set: { n: "abc%123" } } }'],
      ['invalid', 'a lone percent sign, added', '{ response: { add: { n: "abc%123" } } }'],
      ['invalid', 'a percent sign too many', '{ response: { set: { n: "%START_TIME%%" } } }'],
      ['invalid', 'a control character in a value', '{ response: { set: { n: "a\\nb" } } }'],
    ],
    place,
  );

table('VirtualService', [
  ['valid', 'the authority set once', routed('headers: { request: { set: { ":authority": x } } }')],
  [
    'invalid',
    'the authority set and rewritten',
    routed('headers: { request: { set: { ":authority": x } } }, rewrite: { authority: y }'),
  ],
  ['invalid', 'route and redirect', routed('redirect: { uri: /x, authority: y }')],
  ['invalid', 'route and direct response', routed('directResponse: { status: 200 }')],
  ['invalid', 'redirect and direct response', rule('redirect: { uri: /x }, directResponse: { status: 200 }')],
  ['invalid', 'redirect and fault', rule('redirect: { uri: /x }, fault: { abort: { httpStatus: 500 } }')],
  ['invalid', 'redirect and rewrite', rule('redirect: { uri: /x }, rewrite: { uri: /y }')],
  [
    'valid',
    'a redirect with a header match and a new prefix',
    rule('match: [{ headers: { x: { exact: y } } }], redirect: { prefixRewrite: /b }'),
  ],
  [
    'valid',
    'a new prefix for a prefix',
    rule('match: [{ uri: { prefix: /a } }], redirect: { prefixRewrite: /b }'),
  ],
  [
    'invalid',
    'a new prefix for an exact path',
    rule('match: [{ uri: { exact: /a } }], redirect: { prefixRewrite: /b }'),
  ],
  [
    'invalid',
    'a new prefix for a pattern',
    rule('match: [{ uri: { regex: /a.* } }], redirect: { prefixRewrite: /b }'),
  ],
]);

table(
  'VirtualService',
  [
    ['invalid', 'an empty redirect', '{ uri: "", authority: "" }'],
    ['invalid', 'a redirect with 299', '{ uri: t, redirectCode: 299 }'],
    ['invalid', 'a redirect with 400', '{ uri: t, redirectCode: 400 }'],
    ['valid', 'a redirect to a path', '{ uri: t, authority: "" }'],
    ['valid', 'a redirect to a host', '{ uri: "", authority: t }'],
    ['valid', 'a redirect with code 0', '{ uri: t, authority: t, redirectCode: 0 }'],
    ['valid', 'a redirect with 308', '{ uri: t, authority: t, redirectCode: 308 }'],
    ['valid', 'a redirect to a prefix', '{ prefixRewrite: /bar }'],
    ['valid', 'a redirect to a prefix of a host', '{ authority: a.example, prefixRewrite: / }'],
    ['invalid', 'a redirect to a path and a prefix', '{ uri: /old, prefixRewrite: /new }'],
    ['valid', 'a redirect to port 0', '{ port: 0 }'],
    ['invalid', 'a redirect to a port too high', '{ port: 65536 }'],
    ['invalid', 'a redirect to a port of two origins', '{ port: 80, derivePort: FROM_REQUEST_PORT }'],
    ['invalid', 'a redirect to ftp', '{ scheme: ftp }'],
  ],
  (redirect) => rule(`redirect: ${redirect}`),
);

const BYTES = (size: number) =>
  `{ status: 200, body: { bytes: ${Buffer.alloc(size, 'a').toString('base64')} } }`;
const TEXT = (size: number) => `{ status: 200, body: { string: ${'a'.repeat(size)} } }`;
table(
  'VirtualService',
  [
    ['valid', 'an answer with 200', '{ status: 200 }'],
    ['invalid', 'an answer with 199', '{ status: 199 }'],
    ['valid', 'an answer with 600', '{ status: 600 }'],
    ['invalid', 'an answer with 601', '{ status: 601 }'],
    ['invalid', 'an answer with 0', '{ status: 0 }'],
    ['invalid', 'an answer with less', '{ status: -100 }'],
    ['valid', 'an answer with text', '{ status: 200, body: { string: hello } }'],
    ['warning', 'an answer with much text', TEXT(101 * 1024)],
    ['invalid', 'an answer with too much text', TEXT(2 * 1024 * 1024)],
    ['valid', 'an answer with bytes', BYTES(5)],
    ['valid', 'an answer with just not many bytes', BYTES(100 * 1024)],
    ['warning', 'an answer with many bytes', BYTES(100 * 1024 + 1)],
    ['warning', 'an answer with just not too many bytes', BYTES(1024 * 1024)],
    ['invalid', 'an answer with too many bytes', BYTES(1024 * 1024 + 1)],
  ],
  (directResponse) => rule(`directResponse: ${directResponse}`),
);

const REGEX = 'uriRegexRewrite: { match: "^/s/([^/]+)(/.*)$", rewrite: "\\\\2/i/\\\\1" }';
table(
  'VirtualService',
  [
    ['valid', 'a rewritten path and host', '{ uri: /p, authority: x.example }'],
    ['valid', 'a rewritten path', '{ uri: /p }'],
    ['valid', 'a rewritten host', '{ authority: x.example }'],
    ['valid', 'a path rewritten by a pattern', `{ ${REGEX} }`],
    ['valid', 'a path rewritten by a pattern, and a host', `{ authority: x.example, ${REGEX} }`],
    ['invalid', 'a path rewritten twice', `{ uri: /p, ${REGEX} }`],
    ['invalid', 'nothing rewritten', '{}'],
    ['invalid', 'a pattern to rewrite by that is missing', '{ uriRegexRewrite: { rewrite: /a } }'],
    ['invalid', 'a pattern to rewrite by without a result', '{ uriRegexRewrite: { match: /a } }'],
    ['invalid', 'a pattern to rewrite by that is none', '{ uriRegexRewrite: { match: "[", rewrite: "[" } }'],
  ],
  (rewrite) => routed(`rewrite: ${rewrite}`),
);

table(
  'VirtualService',
  [
    ['valid', 'nothing to match', '[]'],
    ['invalid', 'a header match of null', '[{ headers: { x: null } }]'],
    ['invalid', 'a header that starts with nothing', '[{ headers: { x: { prefix: "" } } }]'],
    ['valid', 'a header that starts with something', '[{ headers: { x: { prefix: y } } }]'],
    ['valid', 'a header that is something', '[{ headers: { x: { exact: y } } }]'],
    ['valid', 'a header like something', '[{ headers: { x: { regex: y } } }]'],
    ['valid', 'a header that is there', '[{ headers: { x: {} } }]'],
    ['invalid', 'a header like a lone star', '[{ headers: { x: { regex: "*" } } }]'],
    ['valid', 'a header that is not something', '[{ withoutHeaders: { x: { exact: y } } }]'],
    ['valid', 'a header not like something', '[{ withoutHeaders: { x: { regex: y } } }]'],
    ['invalid', 'a header not like a lone question mark', '[{ withoutHeaders: { x: { regex: "?" } } }]'],
    ['valid', 'a header not like a lone star', '[{ withoutHeaders: { x: { regex: "*" } } }]'],
    [
      'valid',
      'a header by another name',
      '[{ headers: { header1: {}, X-Requested-With: {}, "funky!$#_": {} } }]',
    ],
    ['valid', 'the authority as a header', '[{ headers: { ":authority": { exact: y } } }]'],
    ['invalid', 'a header without a name', '[{ headers: { "": {} } }]'],
    ['invalid', 'a header called by colons', '[{ headers: { "::": {} } }]'],
    ['invalid', 'a header with a quote in its name', `[{ headers: { 'illegal"char': {} } }]`],
    ['valid', 'a path like something', '[{ uri: { regex: test } }]'],
    ['valid', 'a path that starts with something', '[{ uri: { prefix: test } }]'],
    ['valid', 'a path that is something', '[{ uri: { exact: test } }]'],
    ['valid', 'a path that starts with nothing', '[{ uri: { prefix: "" } }]'],
    ['invalid', 'a path like nothing', '[{ uri: { regex: "" } }]'],
    ['invalid', 'a path like a very long thing', `[{ uri: { regex: ${'a'.repeat(1025)} } }]`],
    ['invalid', 'a path of two conditions', '[{ uri: { exact: /a, prefix: /a } }]'],
    ['valid', 'a parameter that starts with something', '[{ queryParams: { q: { prefix: y } } }]'],
    ['valid', 'a parameter that is something', '[{ queryParams: { q: { exact: y } } }]'],
    ['valid', 'a parameter like something', '[{ queryParams: { q: { regex: y } } }]'],
    ['invalid', 'a parameter like nothing', '[{ queryParams: { q: { regex: "" } } }]'],
    ['invalid', 'a parameter like a lone star', '[{ queryParams: { q: { regex: "*" } } }]'],
    ['invalid', 'a method that starts with nothing', '[{ method: { prefix: "" } }]'],
    ['invalid', 'a method like nothing', '[{ method: { regex: "" } }]'],
    ['invalid', 'a scheme that starts with nothing', '[{ scheme: { prefix: "" } }]'],
    ['invalid', 'a scheme like nothing', '[{ scheme: { regex: "" } }]'],
    ['invalid', 'an authority that starts with nothing', '[{ authority: { prefix: "" } }]'],
    ['valid', 'port 0', '[{ port: 0 }]'],
    ['invalid', 'a port too high', '[{ port: 65536 }]'],
    ['valid', 'a namespace of callers', '[{ sourceNamespace: test }]'],
    ['invalid', 'a namespace of callers that is none', '[{ sourceNamespace: a_b }]'],
    ['valid', 'labels of callers', '[{ sourceLabels: { app.kubernetes.io/name: a } }]'],
    ['invalid', 'labels of callers with a strange value', '[{ sourceLabels: { app: "a b" } }]'],
    [
      'invalid',
      'claims of tokens in the mesh',
      '[{ headers: { "@request.auth.claims.foo": { exact: bar } } }]',
    ],
  ],
  (match) => routed(`match: ${match}`),
);

table(
  'VirtualService',
  [
    [
      'valid',
      'origins, methods, headers and an age',
      '{ allowOrigins: [{ exact: a }, { prefix: b }, { regex: c }], allowMethods: [GET, POST], allowHeaders: [h1, h2], exposeHeaders: [h3], maxAge: 2s }',
    ],
    [
      'valid',
      'every method and header',
      '{ allowMethods: ["*"], allowHeaders: ["*"], exposeHeaders: ["*"] }',
    ],
    ['invalid', 'a method that does not exist', '{ allowMethods: [GET, PUTT] }'],
    ['invalid', 'a header without a name to expose', '{ exposeHeaders: [""] }'],
    ['invalid', 'a header with a blank to allow', '{ allowHeaders: ["a b"] }'],
    ['invalid', 'an age with parts of a second', '{ maxAge: 2.000000042s }'],
    ['invalid', 'an age of half a second', '{ maxAge: 500ms }'],
    ['invalid', 'an age of 0', '{ maxAge: 0s }'],
    ['invalid', 'an origin that is empty', '{ allowOrigins: [{ exact: "" }] }'],
    ['invalid', 'an origin that starts with nothing', '{ allowOrigins: [{ prefix: "" }] }'],
    ['invalid', 'an origin like nothing', '{ allowOrigins: [{ regex: "" }] }'],
    ['invalid', 'an origin without a condition', '{ allowOrigins: [{}] }'],
  ],
  (cors) => routed(`corsPolicy: ${cors}`),
);

table(
  'VirtualService',
  [
    ['invalid', 'a fault that is none', '{}'],
    ['valid', 'an abort of some', '{ abort: { percentage: { value: 20 }, httpStatus: 200 } }'],
    ['valid', 'an abort without a share', '{ abort: { httpStatus: 200 } }'],
    ['invalid', 'an abort with 9000', '{ abort: { percentage: { value: 20 }, httpStatus: 9000 } }'],
    ['invalid', 'an abort with 100', '{ abort: { percentage: { value: 20 }, httpStatus: 100 } }'],
    ['valid', 'an abort of few', '{ abort: { percentage: { value: 0.001 }, httpStatus: 200 } }'],
    ['invalid', 'an abort of too few', '{ abort: { percentage: { value: 0.00001 }, httpStatus: 200 } }'],
    ['invalid', 'an abort of less than none', '{ abort: { percentage: { value: -10 }, httpStatus: 200 } }'],
    [
      'valid',
      'an abort of some for gRPC',
      '{ abort: { percentage: { value: 20 }, grpcStatus: DEADLINE_EXCEEDED } }',
    ],
    ['valid', 'an abort without a share for gRPC', '{ abort: { grpcStatus: DEADLINE_EXCEEDED } }'],
    [
      'invalid',
      'an abort with an unknown gRPC status',
      '{ abort: { percentage: { value: 20 }, grpcStatus: BAD_STATUS } }',
    ],
    [
      'valid',
      'an abort of few for gRPC',
      '{ abort: { percentage: { value: 0.001 }, grpcStatus: INTERNAL } }',
    ],
    [
      'invalid',
      'an abort of less than none for gRPC',
      '{ abort: { percentage: { value: -10 }, grpcStatus: INTERNAL } }',
    ],
    ['warning', 'an abort with nothing', '{ abort: { percentage: { value: 20 } } }'],
    ['invalid', 'an abort of HTTP/2', '{ abort: { http2Error: x } }'],
    ['valid', 'a delay of some', '{ delay: { percentage: { value: 20 }, fixedDelay: 3s } }'],
    ['valid', 'a delay without a share', '{ delay: { fixedDelay: 3s } }'],
    ['valid', 'a delay without a duration', '{ delay: { percentage: { value: 20 } } }'],
    ['invalid', 'a delay of more than all', '{ delay: { percentage: { value: 101 }, fixedDelay: 3s } }'],
    [
      'invalid',
      'a delay with parts of a millisecond',
      '{ delay: { percentage: { value: 20 }, fixedDelay: 3.000000042s } }',
    ],
    ['valid', 'a delay of few', '{ delay: { percentage: { value: 0.001 }, fixedDelay: 3s } }'],
    ['invalid', 'a delay of less than none', '{ delay: { percentage: { value: -10 }, fixedDelay: 3s } }'],
    ['invalid', 'a delay that grows', '{ delay: { exponentialDelay: 3s } }'],
  ],
  (fault) => routed(`fault: ${fault}`),
);

table(
  'VirtualService',
  [
    [
      'valid',
      'retries on two conditions',
      '{ attempts: 10, perTryTimeout: 2s, retryOn: "5xx,gateway-error" }',
    ],
    ['valid', 'no retries', '{ attempts: 0 }'],
    [
      'invalid',
      'no retries on two conditions',
      '{ attempts: 0, perTryTimeout: 2s, retryOn: "5xx,gateway-error" }',
    ],
    ['valid', 'retries without more', '{ attempts: 10 }'],
    ['valid', 'retries on a status', '{ attempts: 10, perTryTimeout: 2s, retryOn: "503,connect-failure" }'],
    ['invalid', 'retries below 0', '{ attempts: -1, perTryTimeout: 2s }'],
    ['invalid', 'retries with a timeout in nanoseconds', '{ attempts: 10, perTryTimeout: 2.000000001s }'],
    ['invalid', 'retries with a timeout too short', '{ attempts: 10, perTryTimeout: 999ns }'],
    ['invalid', 'retries with a pause too short', '{ attempts: 10, backoff: 999ns }'],
    [
      'invalid',
      'retries on no condition that exists',
      '{ attempts: 10, perTryTimeout: 2s, retryOn: "5xx,invalid policy" }',
    ],
    ['invalid', 'retries on 600', '{ attempts: 10, perTryTimeout: 2s, retryOn: "600,connect-failure" }'],
    ['invalid', 'retries on a status without a name', '{ attempts: 10, retryOn: "599" }'],
    ['invalid', 'no retries, and nowhere else', '{ attempts: 0, retryRemoteLocalities: false }'],
    [
      'valid',
      'retries on every other word',
      '{ attempts: 1, retryOn: "reset,reset-before-request,retriable-4xx,refused-stream,retriable-status-codes,retriable-headers,envoy-ratelimited,http3-post-connect-failure,cancelled,deadline-exceeded,internal,resource-exhausted,unavailable" }',
    ],
  ],
  (retries) => routed(`retries: ${retries}`),
);

table(
  'VirtualService',
  [
    ['invalid', 'a copy of 101 percent, the old way', 'mirrorPercent: 101'],
    ['warning', 'a copy of 5 percent, the old way', 'mirrorPercent: 5'],
    ['invalid', 'a copy of 101 percent', 'mirrorPercentage: { value: 101 }'],
    ['valid', 'a copy of 1 percent', 'mirrorPercentage: { value: 1 }'],
    ['invalid', 'a copy of less than none', 'mirrorPercentage: { value: -1 }'],
    ['invalid', 'a copy to nowhere', 'mirrors: [{}]'],
    [
      'invalid',
      'copies of 101 percent',
      'mirrors: [{ destination: { host: b } }, { destination: { host: b }, percentage: { value: 101 } }]',
    ],
    [
      'valid',
      'copies of 1 and 50 percent',
      'mirrors: [{ destination: { host: b }, percentage: { value: 1 } }, { destination: { host: b }, percentage: { value: 50 } }]',
    ],
    [
      'invalid',
      'copies of less than none',
      'mirrors: [{ destination: { host: b }, percentage: { value: -1 } }]',
    ],
    ['invalid', 'a copy and copies', 'mirror: { host: b }, mirrors: [{ destination: { host: c } }]'],
    ['valid', 'a timeout', 'timeout: 1ms'],
    ['invalid', 'a timeout of 0', 'timeout: 0s'],
    ['invalid', 'a timeout in microseconds', 'timeout: 1500us'],
  ],
  routed,
);

table('VirtualService', [
  ['not done yet', 'a delegate', `{ http: [{ ${ROUTE} }] }`],
  [
    'not done yet',
    'a delegate that asks for a namespace',
    `{ http: [{ match: [{ sourceNamespace: a }], ${ROUTE} }] }`,
  ],
  ['not done yet', 'a route to a delegate', rule('delegate: { name: x, namespace: y }')],
  [
    'not done yet',
    'a route to a delegate at a gateway',
    '{ hosts: [a.example], gateways: [gw], http: [{ delegate: { name: x } }] }',
  ],
  ['invalid', 'a route to a delegate and to a host', routed('delegate: { name: x }')],
  ['invalid', 'a redirect and a delegate', rule('redirect: { uri: / }, delegate: { name: x }')],
  ['invalid', 'a delegate that does nothing', '{ hosts: [], http: [{}] }'],
  ['invalid', 'a delegate of a gateway', `{ gateways: [gw], http: [{ ${ROUTE} }] }`],
  ['invalid', 'a delegate of TCP', `{ tcp: [{ ${ROUTE} }] }`],
  ['not done yet', 'TCP', `{ hosts: [a.example], tcp: [{ ${ROUTE} }] }`],
  ['not done yet', 'TLS', `{ hosts: [a.example], tls: [{ match: [{ sniHosts: [a.example] }], ${ROUTE} }] }`],
  [
    'not done yet',
    'claims of tokens at a gateway',
    `{ hosts: [a.example], gateways: [gw], http: [{ match: [{ headers: { "@request.auth.claims.foo": { exact: bar } } }], ${ROUTE} }] }`,
  ],
  ['not done yet', 'retries elsewhere', routed('retries: { attempts: 1, retryRemoteLocalities: true }')],
]);
