/**
 * `tls[]`, `tcp[]`, delegates and gateways of a VirtualService against Istio's own validation.
 * @source Istio `pkg/config/validation/validation_test.go` (TestValidateVirtualService, …RouteDestination), `virtualservice_test.go`,
 *   `agent/validation_test.go` (…BoundToGateway, …IPSubnet), `validation.go` validateTLSRoute, validateTCPRoute
 */
import { table } from './table.test.helper.js';

const ROUTE = 'route: [{ destination: { host: b.example } }]';
const SNI = 'match: [{ sniHosts: [a.example] }]';

table(
  'VirtualService',
  [
    ['valid', 'TLS by name', `[{ ${SNI}, ${ROUTE} }]`],
    ['invalid', 'TLS without a match', `[{ ${ROUTE} }]`],
    ['invalid', 'TLS without names', `[{ match: [{ port: 443 }], ${ROUTE} }]`],
    ['invalid', 'TLS without a destination', `[{ ${SNI} }]`],
    ['invalid', 'a TLS match of null', `[{ match: [null], ${ROUTE} }]`],
    [
      'invalid',
      "TLS by a name that is none of the hosts'",
      `[{ match: [{ sniHosts: [c.example] }], ${ROUTE} }]`,
    ],
    [
      'valid',
      'TLS by names of a wildcard host',
      `[{ match: [{ sniHosts: [x.w.example, "*.y.w.example"] }], ${ROUTE} }]`,
    ],
    [
      'invalid',
      'TLS by a wildcard wider than the host',
      `[{ match: [{ sniHosts: ["*.example"] }], ${ROUTE} }]`,
    ],
    ['warning', 'TLS by an address', `[{ match: [{ sniHosts: [a.example, 10.0.0.1] }], ${ROUTE} }]`],
    ['invalid', 'TLS by what is no name', `[{ match: [{ sniHosts: ["a.*.example"] }], ${ROUTE} }]`],
    [
      'invalid',
      "TLS by a proxy's name in the mesh",
      `[{ match: [{ sniHosts: [outbound_.80_._.a.example] }], ${ROUTE} }]`,
    ],
    [
      'valid',
      'TLS by port, network, labels and gateways',
      `[{ match: [{ sniHosts: [a.example], port: 443, destinationSubnets: [10.0.0.0/8, "2001:db8::1"], sourceLabels: { app: a }, sourceNamespace: n, gateways: [mesh] }], ${ROUTE} }]`,
    ],
    [
      'invalid',
      'TLS to what is no network',
      `[{ match: [{ sniHosts: [a.example], destinationSubnets: [10.0.0.0/33] }], ${ROUTE} }]`,
    ],
    ['invalid', 'TLS at a port too high', `[{ match: [{ sniHosts: [a.example], port: 65536 }], ${ROUTE} }]`],
    ['valid', 'TLS at port 0, which is any', `[{ match: [{ sniHosts: [a.example], port: 0 }], ${ROUTE} }]`],
    [
      'invalid',
      'TLS of callers with a strange label',
      `[{ match: [{ sniHosts: [a.example], sourceLabels: { "a b": c } }], ${ROUTE} }]`,
    ],
    [
      'invalid',
      'TLS at what is no gateway',
      `[{ match: [{ sniHosts: [a.example], gateways: ["a/b/c"] }], ${ROUTE} }]`,
    ],
    ['warning', 'TLS by the same name twice', `[{ ${SNI}, ${ROUTE} }, { ${SNI}, ${ROUTE} }]`],
  ],
  (tls) => `{ hosts: [a.example, "*.w.example"], tls: ${tls} }`,
);

table(
  'VirtualService',
  [
    ['valid', 'TCP', `[{ ${ROUTE} }]`],
    ['valid', 'TCP by port', `[{ match: [{ port: 27017 }], ${ROUTE} }]`],
    ['invalid', 'TCP without a destination', '[{ match: [{ port: 27017 }] }]'],
    ['invalid', 'a TCP match of null', `[{ match: [null], ${ROUTE} }]`],
    ['valid', 'TCP to a network', `[{ match: [{ destinationSubnets: [1.1.1.1/24] }], ${ROUTE} }]`],
    ['invalid', 'TCP to what is no network', `[{ match: [{ destinationSubnets: [1.1.1.1/48] }], ${ROUTE} }]`],
    ['valid', 'TCP to an address', `[{ match: [{ destinationSubnets: ["2001:1::1"] }], ${ROUTE} }]`],
    ['invalid', 'TCP to half an address', `[{ match: [{ destinationSubnets: [1.1.1] }], ${ROUTE} }]`],
    ['invalid', 'TCP at a port too high', `[{ match: [{ port: 70000 }], ${ROUTE} }]`],
    ['valid', 'TCP from a network, the old way', `[{ match: [{ sourceSubnet: 10.0.0.0/8 }], ${ROUTE} }]`],
    ['valid', 'TCP from what is no namespace', `[{ match: [{ sourceNamespace: a_b }], ${ROUTE} }]`],
    [
      'valid',
      'TCP by weights',
      '[{ route: [{ destination: { host: b }, weight: 25 }, { destination: { host: c }, weight: 75 }] }]',
    ],
    [
      'invalid',
      'TCP by weights of 0',
      '[{ route: [{ destination: { host: b }, weight: 0 }, { destination: { host: c } }] }]',
    ],
    ['invalid', 'TCP by a negative weight', '[{ route: [{ destination: { host: b }, weight: -1 }] }]'],
    ['invalid', 'TCP to no host', '[{ route: [{ weight: 1 }] }]'],
    ['invalid', 'TCP to every host', '[{ route: [{ destination: { host: "*" } }] }]'],
    ['invalid', 'TCP to port 0', '[{ route: [{ destination: { host: b, port: { number: 0 } } }] }]'],
    ['warning', 'TCP behind TCP that takes everything', `[{ ${ROUTE} }, { match: [{ port: 1 }], ${ROUTE} }]`],
    [
      'warning',
      'TCP by the same port twice',
      `[{ match: [{ port: 1 }, { port: 1, gateways: [] }], ${ROUTE} }, { ${ROUTE} }]`,
    ],
    [
      'valid',
      'TCP by two ports, and the rest',
      `[{ match: [{ port: 1 }, { port: 2 }], ${ROUTE} }, { ${ROUTE} }]`,
    ],
  ],
  (tcp) => `{ hosts: [a.example], tcp: ${tcp} }`,
);

const PROXY_NAME = 'outbound_.80_._.a.example';
const named = (host: string) =>
  `{ hosts: ["${host}"], gateways: [gw], tls: [{ match: [{ sniHosts: ["${host}"] }], ${ROUTE} }] }`;
table('VirtualService', [
  ['valid', "TLS by a proxy's name at a gateway", named(PROXY_NAME)],
  ['invalid', "TLS by a proxy's name without a port", named('outbound_.x_._.a.example')],
  ['invalid', "TLS by a proxy's name without a host", named('outbound_.80_._')],
  ['invalid', 'TLS by a name with a line in it', named('inbound_.80_._.a.example')],
  ['invalid', "a proxy's name for HTTP", `{ hosts: [${PROXY_NAME}], gateways: [gw], http: [{ ${ROUTE} }] }`],
]);

table('VirtualService', [
  ['valid', 'a delegate', `{ http: [{ ${ROUTE} }] }`],
  [
    'valid',
    'a delegate that asks for a namespace',
    `{ http: [{ match: [{ sourceNamespace: a }], ${ROUTE} }] }`,
  ],
  ['invalid', 'a delegate that delegates', '{ http: [{ delegate: { name: x } }] }'],
  ['invalid', 'a delegate that does nothing', '{ hosts: [], http: [{}] }'],
  ['invalid', 'a delegate of a gateway', `{ gateways: [gw], http: [{ ${ROUTE} }] }`],
  ['invalid', 'a delegate of TCP', `{ tcp: [{ ${ROUTE} }] }`],
  ['invalid', 'a delegate of TLS', `{ tls: [{ ${SNI}, ${ROUTE} }], http: [{ ${ROUTE} }] }`],
]);

table(
  'VirtualService',
  [
    ['valid', 'a rule of a delegate', 'delegate: { name: x, namespace: y }'],
    [
      'valid',
      'a rule of a delegate with more',
      'delegate: { name: x }, timeout: 1s, headers: {}, retries: { attempts: 1 }',
    ],
    ['valid', 'a rule of a delegate and an answer', 'delegate: { name: x }, directResponse: { status: 200 }'],
    ['invalid', 'a rule of a delegate and a route', `delegate: { name: x }, ${ROUTE}`],
    ['invalid', 'a rule of a delegate and a redirect', 'delegate: { name: x }, redirect: { uri: / }'],
    [
      'invalid',
      'a rule of a delegate with a bad match',
      'delegate: { name: x }, match: [{ uri: { regex: "[" } }]',
    ],
  ],
  (part) => `{ hosts: [a.example], http: [{ ${part} }] }`,
);

const claim = (name: string, gateways: string) =>
  `{ hosts: [a.example], gateways: ${gateways}, http: [{ match: [{ headers: { "${name}": { exact: x } } }], ${ROUTE} }] }`;
table('VirtualService', [
  ['valid', 'claims of tokens at a gateway', claim('@request.auth.claims.foo', '[gw]')],
  ['valid', 'claims of tokens in brackets', claim('@request.auth.claims[a.b][c]', '[gw]')],
  ['invalid', 'claims of tokens in the mesh', claim('@request.auth.claims.foo', '[]')],
  [
    'invalid',
    'claims of tokens in the mesh and at a gateway',
    claim('@request.auth.claims.foo', '[mesh, gw]'),
  ],
  ['invalid', 'claims of tokens without a name', claim('@request.auth.claims.', '[gw]')],
  ['invalid', 'all claims of tokens', claim('@request.auth.claims', '[gw]')],
  [
    'invalid',
    'claims that are not there, in the mesh',
    `{ hosts: [a.example], http: [{ match: [{ withoutHeaders: { "@request.auth.claims.foo": {} } }], ${ROUTE} }] }`,
  ],
]);

table(
  'VirtualService',
  [
    ['valid', 'what is no gateway behind one without a namespace', '[mesh, "b@d"]'],
    ['invalid', 'what is no gateway behind one with a namespace', '[ns/gw, "b@d"]'],
    ['invalid', 'a gateway without a name', '[ns/]'],
    ['invalid', 'a gateway without a namespace', '[/gw]'],
    ['invalid', 'a gateway that is a number', '["1234"]'],
    ['warning', 'a gateway named like a host', '[gw.ns.svc.cluster.local]'],
  ],
  (gateways) => `{ hosts: [a.example], gateways: ${gateways}, http: [{ ${ROUTE} }] }`,
);
