/**
 * ServiceEntry against Istio's own validation.
 * @source Istio `pkg/config/validation/validation_test.go` (TestValidateServiceEntries, TestValidatePortName, …exportTo),
 *   `testdata/crds/serviceentry-*.yaml`
 */
import { table } from './table.test.helper.js';

const TWO = 'ports: [{ number: 80, protocol: http, name: p1 }, { number: 8080, protocol: http, name: p2 }]';
const ONE = 'ports: [{ number: 80, protocol: http, name: p1 }]';
const HOST = 'hosts: [a.example]';
const NAMED =
  '[{ address: x.a.example, ports: { p1: 8080 } }, { address: y.a.example, ports: { p2: 9080 } }]';
const NUMBERED = '[{ address: 1.1.1.1, ports: { p1: 8080 } }, { address: 2.2.2.2, ports: { p2: 9080 } }]';

table('ServiceEntry', [
  [
    'valid',
    'DNS with named endpoints',
    `{ hosts: ["*.a.example"], ${TWO}, endpoints: ${NAMED}, resolution: DNS }`,
  ],
  [
    'valid',
    'DNS with one endpoint',
    `{ hosts: ["*.a.example"], ${TWO}, endpoints: [{ address: x.a.example, ports: { p1: 8080 } }], resolution: DNS_ROUND_ROBIN }`,
  ],
  [
    'valid',
    'DNS with endpoints of the mesh',
    `{ hosts: ["*.a.example"], ${ONE}, endpoints: [{ address: x.a.example, ports: { p1: 8080 }, labels: { security.istio.io/tlsMode: istio } }], resolution: DNS }`,
  ],
  [
    'valid',
    'DNS of one host with an address and TLS',
    `{ ${HOST}, addresses: [10.10.10.10], ports: [{ number: 443, protocol: https, name: p1 }], resolution: DNS }`,
  ],
  [
    'warning',
    'DNS of two hosts with an address and TLS',
    `{ hosts: [a.example, b.example], addresses: [10.10.10.10], ports: [{ number: 443, protocol: https, name: p1 }], resolution: DNS }`,
  ],
  [
    'valid',
    'DNS of two hosts with an address',
    `{ hosts: [a.example, b.example], addresses: [10.10.10.10], ${TWO}, resolution: DNS }`,
  ],
  [
    'invalid',
    'DNS of two hosts with an address and TCP',
    `{ hosts: [a.example, b.example], addresses: [10.10.10.10], ports: [{ number: 1, protocol: TCP, name: p1 }], resolution: DNS }`,
  ],
  [
    'valid',
    'TCP of two hosts that are not looked up',
    `{ hosts: [a.example, b.example], addresses: [10.10.10.10], ports: [{ number: 1, protocol: TCP, name: p1 }] }`,
  ],
  [
    'valid',
    'DNS with an address',
    `{ hosts: ["*.a.example"], addresses: [10.10.10.10], ${TWO}, endpoints: ${NAMED}, resolution: DNS }`,
  ],
  [
    'valid',
    'DNS with an endpoint by address',
    `{ hosts: ["*.a.example"], ${TWO}, endpoints: ${NUMBERED}, resolution: DNS }`,
  ],
  ['invalid', 'no hosts', `{ ${ONE}, resolution: DNS }`],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'a dash for a host', `{ hosts: ["-"], ${ONE}, resolution: DNS }`],
  ['invalid', 'every host', `{ hosts: [a.example, "*"], ${ONE} }`],
  ['invalid', 'an address for a host', `{ hosts: [1.2.3.4], ${ONE} }`],
  ['invalid', 'a wildcard in the middle', `{ hosts: ["a.*.example"], ${ONE} }`],
  [
    'valid',
    'a short name',
    `{ hosts: [foo, bar.example], ${ONE}, endpoints: [{ address: in.a.example, ports: { p1: 9080 } }], resolution: DNS }`,
  ],
  [
    'invalid',
    'a port number twice and an endpoint of a port that is not there',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: p1 }, { number: 80, protocol: http, name: p2 }], endpoints: [{ address: x.a.example, ports: { none: 9080 } }], resolution: DNS }`,
  ],
  [
    'invalid',
    'DNS with a wildcard for an endpoint',
    `{ hosts: ["*.a.example"], ${ONE}, endpoints: [{ address: "*.x.example" }], resolution: DNS }`,
  ],
  ['invalid', 'DNS of a wildcard', `{ hosts: ["*.a.example"], ${TWO}, resolution: DNS }`],
  ['valid', 'DNS of a host', `{ ${HOST}, ${TWO}, resolution: DNS }`],
  [
    'invalid',
    'DNS with a unix socket',
    `{ hosts: ["*.a.example"], ${ONE}, endpoints: [{ address: unix:///a/b }], resolution: DNS }`,
  ],
  [
    'invalid',
    'DNS with an endpoint without an address',
    `{ ${HOST}, ${ONE}, endpoints: [{ network: n }], resolution: DNS }`,
  ],
  ['valid', 'a host that is not looked up', `{ ${HOST}, ${TWO}, resolution: NONE }`],
  [
    'invalid',
    'a host that is not looked up, with endpoints',
    `{ ${HOST}, ${TWO}, endpoints: [{ address: x.a.example }], resolution: NONE }`,
  ],
  ['valid', 'a range of addresses', `{ ${HOST}, addresses: [172.1.2.16/16], ${TWO}, resolution: NONE }`],
  [
    'invalid',
    'a range of addresses with DNS',
    `{ ${HOST}, addresses: [172.1.2.16/16], ${TWO}, resolution: DNS }`,
  ],
  [
    'valid',
    'a range of addresses with endpoints',
    `{ ${HOST}, addresses: [172.1.2.16/16], ${TWO}, endpoints: ${NUMBERED}, resolution: STATIC }`,
  ],
  ['invalid', 'a range that is too narrow', `{ ${HOST}, addresses: [1.2.3.4/99], ${ONE} }`],
  ['valid', 'addresses of both kinds', `{ ${HOST}, addresses: [1.2.3.4, "001:db8::"], ${ONE} }`],
  [
    'valid',
    'fixed endpoints',
    `{ ${HOST}, addresses: [172.1.2.16], ${TWO}, endpoints: ${NUMBERED}, resolution: STATIC }`,
  ],
  ['invalid', 'fixed endpoints with a name', `{ ${HOST}, ${TWO}, endpoints: ${NAMED}, resolution: STATIC }`],
  [
    'valid',
    'fixed endpoints that are not there',
    `{ ${HOST}, addresses: [172.1.2.16], ${TWO}, resolution: STATIC }`,
  ],
  [
    'invalid',
    'fixed endpoints of a port that is not there',
    `{ ${HOST}, ${TWO}, endpoints: [{ address: 2.2.2.2, ports: { none: 1 } }], resolution: STATIC }`,
  ],
  [
    'invalid',
    'an endpoint with a label that is none',
    `{ ${HOST}, ${TWO}, endpoints: [{ address: 2.2.2.2, labels: { "a b": c } }], resolution: STATIC }`,
  ],
  [
    'invalid',
    'a port name twice',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: p }, { number: 8080, protocol: http, name: p }] }`,
  ],
  [
    'invalid',
    'a port number twice',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: p1 }, { number: 80, protocol: http, name: p2 }] }`,
  ],
  ['invalid', 'a nameless port', `{ ${HOST}, ports: [{ number: 80, protocol: http }] }`],
  [
    'invalid',
    'a port with a very long name',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: ${'long'.repeat(20)} }] }`,
  ],
  [
    'invalid',
    'a port of an unknown protocol',
    `{ ${HOST}, ports: [{ number: 80, protocol: smtp, name: p }] }`,
  ],
  ['valid', 'a port of a proxy', `{ ${HOST}, ports: [{ number: 80, protocol: HTTP_PROXY, name: p }] }`],
  ['invalid', 'a port of null', `{ ${HOST}, ports: [null] }`],
  ['invalid', 'a port too high', `{ ${HOST}, ports: [{ number: 99999, protocol: http, name: p }] }`],
  [
    'valid',
    'a port without a protocol, with addresses',
    `{ ${HOST}, addresses: [172.1.2.16/16], ports: [{ number: 8080, name: p }] }`,
  ],
  [
    'warning',
    'a port without a protocol, without addresses',
    `{ ${HOST}, addresses: [], ports: [{ number: 8080, name: p }] }`,
  ],
  [
    'warning',
    'a port of TCP without addresses',
    `{ ${HOST}, ports: [{ number: 81, protocol: TCP, name: p }] }`,
  ],
  [
    'valid',
    'two ports to one',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: p1, targetPort: 80 }, { number: 81, protocol: http, name: p2, targetPort: 80 }], resolution: DNS }`,
  ],
  [
    'invalid',
    'a port to one too high',
    `{ ${HOST}, ports: [{ number: 80, protocol: http, name: p1, targetPort: 65536 }], resolution: DNS }`,
  ],
  [
    'valid',
    'a port of an endpoint',
    `{ ${HOST}, ${ONE}, endpoints: [{ address: 1.1.1.1, ports: { p1: 8081 } }], resolution: STATIC }`,
  ],
  [
    'invalid',
    'a port of an endpoint too high',
    `{ ${HOST}, ${ONE}, endpoints: [{ address: 1.1.1.1, ports: { p1: 65536 } }], resolution: STATIC }`,
  ],
  [
    'invalid',
    'one answer of DNS, of two endpoints',
    `{ ${HOST}, ${ONE}, endpoints: [{ address: x.example }, { address: 1.1.1.2 }], resolution: DNS_ROUND_ROBIN }`,
  ],
  ['valid', 'one answer of DNS', `{ ${HOST}, ${ONE}, endpoints: [], resolution: DNS_ROUND_ROBIN }`],
  [
    'valid',
    'one answer of DNS, of two hosts',
    `{ hosts: [a.example, b.example], ${ONE}, resolution: DNS_ROUND_ROBIN }`,
  ],
  [
    'warning',
    'a wildcard in a label',
    '{ hosts: ["*.a.example", "*b.example"], ports: [{ number: 443, protocol: HTTPS, name: p }] }',
  ],
  ['warning', 'a wildcard in a lone label', '{ hosts: ["*x"] }'],
  [
    'warning',
    'an endpoint of another network without an address',
    `{ ${HOST}, ports: [{ number: 443, protocol: HTTPS, name: p }], endpoints: [{ network: n }], resolution: STATIC }`,
  ],
  ['invalid', 'an endpoint without an address', `{ ${HOST}, ${ONE}, endpoints: [{}], resolution: STATIC }`],
]);

table(
  'ServiceEntry',
  [
    ['valid', 'nobody', '["~"]'],
    ['invalid', 'nobody twice, and somebody', '["~", "~", ns1]'],
    ['invalid', 'nobody and somebody', '["~", ns1]'],
    ['valid', 'here and somebody', '[foo, "."]'],
  ],
  (exportTo) => `{ ${HOST}, ${ONE}, exportTo: ${exportTo} }`,
);

const SELECTOR = 'workloadSelector: { labels: { app: a } }';
const TCP = `{ ${HOST}, ports: [{ number: 1, protocol: TCP, name: p }], resolution: DNS }`;
const SOCKET = (address: string) =>
  `{ ${HOST}, ${ONE}, endpoints: [{ address: "${address}" }], resolution: STATIC }`;

table('ServiceEntry', [
  ['valid', 'a selector', `{ ${HOST}, ${SELECTOR}, ${ONE}, resolution: STATIC }`],
  ['valid', 'a selector with DNS', `{ ${HOST}, ${SELECTOR}, ${ONE}, resolution: DNS }`],
  ['warning', 'a selector where the caller says where', `{ ${HOST}, ${SELECTOR}, ${ONE} }`],
  ['warning', 'a selector without labels', `{ ${HOST}, workloadSelector: {}, ${ONE}, resolution: STATIC }`],
  [
    'invalid',
    'a selector of an empty key',
    `{ ${HOST}, workloadSelector: { labels: { "": a } }, ${ONE}, resolution: STATIC }`,
  ],
  [
    'invalid',
    'a selector with a wildcard',
    `{ ${HOST}, workloadSelector: { labels: { app: "a*" } }, ${ONE}, resolution: STATIC }`,
  ],
  [
    'invalid',
    'a selector and endpoints',
    `{ ${HOST}, ${SELECTOR}, ${ONE}, endpoints: [{ address: 1.1.1.1 }], resolution: STATIC }`,
  ],
  [
    'valid',
    'a unix socket',
    `{ ${HOST}, ports: [{ number: 6553, protocol: grpc, name: p1 }], endpoints: [{ address: unix:///a/b }], resolution: STATIC }`,
  ],
  ['valid', 'an abstract unix socket', SOCKET('unix://@a')],
  ['invalid', 'a unix socket of a relative path', SOCKET('unix://./a')],
  ['invalid', 'a unix socket of a folder', SOCKET('unix:///a/')],
  ['invalid', 'a unix socket without a path', SOCKET('unix://')],
  [
    'invalid',
    'a unix socket that is looked up',
    `{ ${HOST}, ${ONE}, endpoints: [{ address: unix:///a/b }], resolution: DNS }`,
  ],
  [
    'invalid',
    'a unix socket for two ports',
    `{ ${HOST}, ${TWO}, endpoints: [{ address: unix:///a/b }], resolution: STATIC }`,
  ],
  [
    'invalid',
    'a unix socket with ports',
    `{ ${HOST}, ${ONE}, endpoints: [{ address: unix:///a/b, ports: { p1: 1 } }], resolution: STATIC }`,
  ],
  [
    'warning',
    'TCP without addresses where the caller says where',
    `{ ${HOST}, ports: [{ number: 1, protocol: TCP, name: p }] }`,
  ],
  [
    'valid',
    'TCP without addresses, which are then given out',
    `{ ${HOST}, ports: [{ number: 1, protocol: TCP, name: p }], resolution: DNS }`,
  ],
]);

table(
  'ServiceEntry',
  [['warning', 'TCP without addresses, where none are given out', TCP]],
  undefined,
  ', labels: { networking.istio.io/enable-autoallocate-ip: "false" }',
);

table(
  'ServiceEntry',
  [
    ['valid', 'any host of a domain, looked up', `hosts: ["*.a.example"], ${TWO}`],
    ['valid', 'any host whose name starts somehow, looked up', `hosts: ["*x.a.example"], ${TWO}`],
    [
      'valid',
      'any host of a domain within the mesh, looked up',
      `hosts: ["*.a.example"], ${ONE}, location: MESH_INTERNAL`,
    ],
    ['invalid', 'one host, looked up when called', `${HOST}, ${ONE}`],
    ['invalid', 'any host with an address, looked up', `hosts: ["*.a"], addresses: [1.2.3.4], ${ONE}`],
    [
      'invalid',
      'any host with an endpoint, looked up',
      `hosts: ["*.a"], ${ONE}, endpoints: [{ address: 1.2.3.4 }]`,
    ],
    [
      'invalid',
      'any host over TCP, looked up',
      'hosts: ["*.a.example"], ports: [{ number: 81, protocol: TCP, name: p }]',
    ],
    [
      'invalid',
      'any host over HTTPS, looked up',
      'hosts: ["*.a.example"], ports: [{ number: 81, protocol: HTTPS, name: p }]',
    ],
  ],
  (part) => `{ ${part}, resolution: DYNAMIC_DNS }`,
);

table(
  'ServiceEntry',
  [
    [
      'invalid',
      'any host of the mesh behind a waypoint, looked up',
      `{ hosts: ["*.a"], ${ONE}, location: MESH_INTERNAL, resolution: DYNAMIC_DNS }`,
    ],
    [
      'valid',
      'any host outside behind a waypoint, looked up',
      `{ hosts: ["*.a"], ${ONE}, resolution: DYNAMIC_DNS }`,
    ],
  ],
  undefined,
  ', labels: { istio.io/use-waypoint: w }',
);
