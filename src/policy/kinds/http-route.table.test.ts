/**
 * The parts of a rule of a VirtualService against Istio's own validation.
 * @source Istio `pkg/config/validation/virtualservice_test.go`, `validation_test.go` (TestValidateCORSPolicy, …HTTPRetry, …HTTPRewrite,
 *   …HTTPDirectResponse, …HTTPFaultInjection*, …HTTPRoute)
 */
import { table } from './table.test.helper.js';

const ROUTE = 'route: [{ destination: { host: b.example } }]';
const rule = (part: string) => `{ hosts: [a.example], http: [{ ${part} }] }`;
const routed = (part: string) => rule(`${ROUTE}, ${part}`);

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
    ['valid', 'a match of null, which is none', '[null]'],
    ['invalid', 'a header match of null', '[{ headers: { x: null } }]'],
    ['valid', 'a match of null on what is not there', '[{ withoutHeaders: { x: null } }]'],
    ['valid', 'a parameter of null', '[{ queryParams: { q: null } }]'],
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
    ['valid', 'a delay of more than all, the old way', '{ delay: { percent: 101, fixedDelay: 3s } }'],
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
    ['valid', 'retries elsewhere', '{ attempts: 1, retryRemoteLocalities: true }'],
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
    ['not done yet', 'a copy of 5 percent, the oldest way', 'mirror_percent: 5'],
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
