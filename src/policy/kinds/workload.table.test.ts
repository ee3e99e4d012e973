/**
 * WorkloadEntry and WorkloadGroup against Istio's own validation.
 * @source Istio `pkg/config/validation/validation.go` validateWorkloadEntry, ValidateWorkloadGroup, validateReadinessProbe; the rules in
 *   its resource definitions
 */
import { table } from './table.test.helper.js';

table('WorkloadEntry', [
  ['valid', 'an address', '{ address: 10.1.2.3 }'],
  ['valid', 'an address of IPv6', '{ address: "2001:db8::1" }'],
  ['valid', 'a name', '{ address: vm1.example }'],
  ['valid', 'a short name', '{ address: vm1 }'],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'an empty address', '{ address: "" }'],
  ['invalid', 'an address of null', '{ address: null }'],
  ['invalid', 'an address with a port', '{ address: "vm1.example:80" }'],
  ['invalid', 'a wildcard', '{ address: "*.example" }'],
  ['invalid', 'a range', '{ address: 10.0.0.0/8 }'],
  ['invalid', 'what is almost an address', '{ address: 10.1.2.300 }'],
  ['warning', 'no address in another network', '{ network: n2 }'],
  ['valid', 'an address in another network', '{ address: 10.1.2.3, network: n2 }'],
  ['valid', 'a unix socket', '{ address: unix:///run/a.sock }'],
  ['valid', 'an abstract socket', '{ address: "unix://@a" }'],
  ['invalid', 'a unix socket of a relative path', '{ address: unix://run/a }'],
  ['invalid', 'a unix socket that is a folder', '{ address: unix:///run/ }'],
  ['invalid', 'a unix socket with ports', '{ address: unix:///run/a, ports: { http: 80 } }'],
  ['valid', 'ports', '{ address: 10.1.2.3, ports: { http: 8080, grpc-1: 9090, "7777": 7777 } }'],
  ['invalid', 'port 0', '{ address: 10.1.2.3, ports: { http: 0 } }'],
  ['invalid', 'a port too high', '{ address: 10.1.2.3, ports: { http: 65536 } }'],
  ['invalid', 'a port with an empty name', '{ address: 10.1.2.3, ports: { "": 80 } }'],
  ['invalid', 'a port with a name that is no label', '{ address: 10.1.2.3, ports: { a_b: 80 } }'],
  ['invalid', 'a port by name', '{ address: 10.1.2.3, ports: { http: http } }'],
  ['valid', 'labels', '{ address: 10.1.2.3, labels: { app: a, example.com/zone: "", a.b_c-d: X1 } }'],
  ['invalid', 'a label with a bad key', '{ address: 10.1.2.3, labels: { ".": a } }'],
  ['invalid', 'a label with an empty key', '{ address: 10.1.2.3, labels: { "": a } }'],
  ['invalid', 'a label with a bad value', '{ address: 10.1.2.3, labels: { app: "a b" } }'],
  [
    'valid',
    'all there is',
    '{ address: 10.1.2.3, locality: eu/eu-1/a, weight: 3, serviceAccount: vm, network: n, ports: { http: 1 }, labels: { app: a } }',
  ],
  ['invalid', 'a negative weight', '{ address: 10.1.2.3, weight: -1 }'],
  ['invalid', 'a misspelt field', '{ address: 10.1.2.3, label: { app: a } }'],
]);

table('WorkloadGroup', [
  ['valid', 'an empty template', '{ template: {} }'],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'a template of null', '{ template: null }'],
  [
    'valid',
    'a template without an address',
    '{ template: { serviceAccount: vm, network: n, ports: { http: 80 } } }',
  ],
  [
    'valid',
    'labels and annotations',
    '{ metadata: { labels: { app: a }, annotations: { "any thing": x } }, template: {} }',
  ],
  ['invalid', 'a label with a bad key', '{ metadata: { labels: { ".": "~" } }, template: {} }'],
  ['invalid', 'a label with a bad value', '{ metadata: { labels: { app: "a b" } }, template: {} }'],
  ['invalid', 'a template with a port too high', '{ template: { ports: { http: 65536 } } }'],
  ['invalid', 'a template with a socket of a relative path', '{ template: { address: unix://a } }'],
  [
    'invalid',
    'a template with a socket and ports',
    '{ template: { address: unix:///a, ports: { http: 1 } } }',
  ],
  ['invalid', 'a name in the metadata', '{ metadata: { name: a }, template: {} }'],
]);

table(
  'WorkloadGroup',
  [
    ['invalid', 'a probe that asks nothing', '{}'],
    ['invalid', 'a probe that asks null', '{ httpGet: null }'],
    ['valid', 'a probe by HTTP', '{ httpGet: { port: 80 } }'],
    ['invalid', 'a probe by HTTP without a port', '{ httpGet: {} }'],
    ['invalid', 'a probe by HTTP with a port too high', '{ httpGet: { port: 65536 } }'],
    ['valid', 'a probe by HTTPS', '{ httpGet: { port: 443, scheme: HTTPS, host: a, path: /healthy } }'],
    ['invalid', 'a probe by a scheme in small letters', '{ httpGet: { port: 443, scheme: https } }'],
    [
      'valid',
      'a probe with a header',
      '{ httpGet: { port: 80, httpHeaders: [{ name: x-probe, value: "1" }] } }',
    ],
    [
      'invalid',
      'a probe with a header without a name',
      '{ httpGet: { port: 80, httpHeaders: [{ value: "1" }] } }',
    ],
    [
      'invalid',
      'a probe with a header that is none',
      '{ httpGet: { port: 80, httpHeaders: [{ name: "*" }] } }',
    ],
    [
      'invalid',
      'a probe with an underscore in a header',
      '{ httpGet: { port: 80, httpHeaders: [{ name: a_b }] } }',
    ],
    ['invalid', 'a probe with a header of null', '{ httpGet: { port: 80, httpHeaders: [null] } }'],
    ['valid', 'a probe by TCP', '{ tcpSocket: { port: 80, host: a } }'],
    ['invalid', 'a probe by TCP without a port', '{ tcpSocket: {} }'],
    ['valid', 'a probe by a command', '{ exec: { command: [healthy, -v] } }'],
    ['invalid', 'a probe without a command', '{ exec: { command: [] } }'],
    ['invalid', 'a probe by gRPC, of which only the shape is there', '{ grpc: { port: 80 } }'],
    ['invalid', 'a probe in two ways', '{ tcpSocket: { port: 80 }, exec: { command: [a] } }'],
    [
      'valid',
      'all numbers',
      '{ initialDelaySeconds: 1, timeoutSeconds: 0, periodSeconds: 5, successThreshold: 1, failureThreshold: 3, tcpSocket: { port: 1 } }',
    ],
    ...(
      [
        'initialDelaySeconds',
        'timeoutSeconds',
        'periodSeconds',
        'successThreshold',
        'failureThreshold',
      ] as const
    ).map((field) => ['invalid', `a negative ${field}`, `{ ${field}: -1, tcpSocket: { port: 1 } }`] as const),
  ],
  (probe) => `{ template: {}, probe: ${probe} }`,
);
