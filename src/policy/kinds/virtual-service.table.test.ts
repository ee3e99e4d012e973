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
      ['invalid', 'words behind a command of the proxy', '{ response: { set: { n: "%REQ(x):10%" } } }'],
      ['invalid', 'a command of the proxy that does not end', '{ response: { set: { n: "%REQ(x" } } }'],
      [
        'not done yet',
        'a command that only a proxy knows',
        '{ response: { set: { n: "%DYNAMIC_METADATA(a)%" } } }',
      ],
      [
        'not done yet',
        'a command that only a proxy knows, with a list',
        `{ response: { set: { n: '%DYNAMIC_METADATA( ["a", "b"] )%' } } }`,
      ],
      [
        'invalid',
        'a list that does not end',
        `{ response: { set: { n: '%DYNAMIC_METADATA(["a", "b")%' } } }`,
      ],
      ['not done yet', 'a header that HTTP cannot carry', '{ request: { set: { "a b": v } } }'],
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
    ['valid', 'a redirect with 399', '{ uri: t, redirectCode: 399 }'],
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
