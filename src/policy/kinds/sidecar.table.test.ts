/**
 * Sidecar against Istio's own validation.
 * @source Istio `pkg/config/validation/validation.go` ValidateSidecar; `agent/validation.go` ValidateNamespaceSlashWildcardHostname
 */
import { type Row, table } from './table.test.helper.js';

const ALL = 'hosts: ["*/*"]';
const EGRESS = `egress: [{ ${ALL} }]`;

table('Sidecar', [
  ['valid', 'every host', `{ ${EGRESS} }`],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'a selector alone', '{ workloadSelector: { labels: { app: a } } }'],
  ['invalid', 'empty lists', '{ ingress: [], egress: [] }'],
  ['valid', 'a selector', `{ workloadSelector: { labels: { app: a } }, ${EGRESS} }`],
  ['warning', 'a selector without labels', `{ workloadSelector: {}, ${EGRESS} }`],
  ['warning', 'a selector with an empty map of labels', `{ workloadSelector: { labels: {} }, ${EGRESS} }`],
  ['invalid', 'a selector with a wildcard', `{ workloadSelector: { labels: { app: "a*" } }, ${EGRESS} }`],
  [
    'invalid',
    'a selector with a wildcard for a key',
    `{ workloadSelector: { labels: { "*": a } }, ${EGRESS} }`,
  ],
  ['invalid', 'a selector with an empty key', `{ workloadSelector: { labels: { "": a } }, ${EGRESS} }`],
  ['invalid', 'a selector of null', `{ workloadSelector: { labels: { app: null } }, ${EGRESS} }`],
  ['invalid', 'the selector of another kind', `{ workloadSelector: { matchLabels: { app: a } }, ${EGRESS} }`],
  ['invalid', 'a listener of null', '{ egress: [null] }'],
  ['invalid', 'a listener of null on the way in', '{ ingress: [null] }'],
]);

table(
  'Sidecar',
  [
    ['invalid', 'no hosts', '[]'],
    ['invalid', 'a host of null', '[null]'],
    ['valid', 'its own namespace', '["./*"]'],
    ['valid', 'a host of its own namespace', '["./a.example"]'],
    ['valid', 'a host of a namespace', '[prod/a.example]'],
    ['valid', 'hosts of a domain in any namespace', '["*/*.a.example"]'],
    ['valid', 'no host', '["~/*"]'],
    ['valid', 'all but a namespace', '["*/*", "~prod/*"]'],
    ['valid', 'all but its own namespace', '["*/*", "~./*"]'],
    ['valid', 'all but a host', '["*/*", "~/a.example"]'],
    ['valid', 'all but a host of any namespace', '["*/*", "~*/a.example"]'],
    ['invalid', 'all but what is no namespace', '["*/*", "~a_b/*"]'],
    ['invalid', 'all but a short name', '["*/*", "~/a"]'],
    ['invalid', 'a host without a namespace', '["*"]'],
    ['invalid', 'a full name without a namespace', '[a.example]'],
    ['invalid', 'an empty namespace and an empty host', '["/"]'],
    ['invalid', 'an empty namespace', '["/a.example"]'],
    ['invalid', 'an empty host', '["prod/"]'],
    ['invalid', 'a short name', '[prod/a]'],
    ['invalid', 'an address', '[prod/10.1.2.3]'],
    ['invalid', 'a part of a label', '["*/*a.example"]'],
    ['invalid', 'a wildcard in the middle', '["*/a.*.example"]'],
    ['invalid', 'a namespace with a dot', '["a.b/a.example"]'],
    ['warning', 'a host twice', '[prod/a.example, prod/a.example]'],
    ['warning', 'a host, then its namespace', '[prod/a.example, "prod/*"]'],
    ['warning', 'a namespace, then a host of it', '["prod/*", prod/a.example]'],
    ['warning', 'its own namespace by both names', '["./a.example", ns5/a.example]'],
    ['valid', 'a host of two namespaces', '[prod/a.example, test/a.example]'],
    ['warning', 'every host, and another', '["*/*", prod/a.example]'],
    ['warning', 'another, and every host', '["prod/*", "*/*"]'],
    ['valid', 'two namespaces', '["prod/*", "./*"]'],
  ],
  (hosts) => `{ egress: [{ hosts: ${hosts} }] }`,
);

const LISTENER = (listener: string) => `{ egress: [{ ${listener}, ${ALL} }] }`;

table(
  'Sidecar',
  [
    ['valid', 'a port', 'port: { number: 80, protocol: HTTP, name: a }'],
    ['valid', 'a port without a protocol', 'port: { number: 80 }'],
    ['invalid', 'a port of an unknown protocol', 'port: { number: 80, protocol: AMQP }'],
    ['valid', 'a port of a proxy', 'port: { number: 80, protocol: HTTP_PROXY }'],
    ['invalid', 'a port too high', 'port: { number: 65536, protocol: HTTP }'],
    ['invalid', 'a port with a name that is no label', 'port: { number: 80, name: "a b" }'],
    ['invalid', 'a port to another', 'port: { number: 80, targetPort: 8080 }'],
    ['invalid', 'port 0', 'port: { number: 0, protocol: HTTP }'],
    ['invalid', 'an empty port', 'port: {}'],
    ['valid', 'an address', 'port: { number: 80 }, bind: 127.0.0.1'],
    ['invalid', 'a name to bind to', 'port: { number: 80 }, bind: a.example'],
    ['invalid', 'a unix socket with a port', 'port: { number: 80 }, bind: unix:///run/a.sock'],
    ['valid', 'a unix socket', 'port: { number: 0, protocol: HTTP }, bind: unix:///run/a.sock'],
    ['valid', 'an abstract socket', 'port: { protocol: HTTP }, bind: "unix://@a"'],
    ['invalid', 'a unix socket of a relative path', 'port: { protocol: HTTP }, bind: unix://run/a'],
    ['invalid', 'port 0 with an address', 'port: { protocol: HTTP }, bind: 127.0.0.1'],
    [
      'valid',
      'a unix socket that captures nothing',
      'port: { number: 0 }, bind: unix:///run/a, captureMode: NONE',
    ],
    [
      'invalid',
      'a unix socket that captures',
      'port: { number: 0 }, bind: unix:///run/a, captureMode: IPTABLES',
    ],
    ['valid', 'a port that captures', 'port: { number: 80 }, captureMode: IPTABLES'],
    ['invalid', 'an unknown way to capture', 'port: { number: 80 }, captureMode: TPROXY'],
    ['valid', 'an address without a port, which Istio does not look at', 'bind: a.example'],
  ],
  LISTENER,
);

const REST = 'captureMode: DEFAULT';
const port = (number: number) => `port: { number: ${number} }`;
const several: readonly Row[] = (
  [
    ['valid', 'two ports', [port(1), port(2)]],
    ['invalid', 'a port twice', [port(1), port(1)]],
    ['invalid', 'a port twice, at two addresses', [`${port(1)}, bind: 1.1.1.1`, `${port(1)}, bind: 1.1.1.2`]],
    ['valid', 'two sockets', ['port: {}, bind: unix:///a', 'port: {}, bind: unix:///b']],
    ['invalid', 'a socket twice', ['port: {}, bind: unix:///a', 'port: {}, bind: unix:///a']],
    ['valid', 'a port and the rest', [port(1), REST]],
    ['invalid', 'the rest and a port', [REST, port(1)]],
    ['invalid', 'the rest twice', [REST, REST]],
  ] as const
).map(([verdict, what, listeners]) => [
  verdict,
  what,
  `{ egress: [${listeners.map((listener) => `{ ${listener}, ${ALL} }`).join()}] }`,
]);
table('Sidecar', several);

const PORT = 'port: { number: 8080, protocol: HTTP, name: a }';

table(
  'Sidecar',
  [
    ['valid', 'a port of its own', `{ ${PORT} }`],
    ['invalid', 'no port of its own', '{ bind: 1.2.3.4 }'],
    ['invalid', 'a port of its own without a number', '{ port: { protocol: HTTP } }'],
    ['valid', 'a port of its own without a protocol', '{ port: { number: 8080 } }'],
    ['invalid', 'a port of its own of an unknown protocol', '{ port: { number: 8080, protocol: X } }'],
    ['invalid', 'a port of its own with a name that is no label', '{ port: { number: 8080, name: a_b } }'],
    ['invalid', 'a port of its own to another', '{ port: { number: 8080, targetPort: 1 } }'],
    ['valid', 'two ports of its own', `{ ${PORT} }, { port: { number: 8081 } }`],
    ['invalid', 'a port of its own twice', `{ ${PORT} }, { ${PORT} }`],
    [
      'invalid',
      'a port of its own twice, at two addresses',
      `{ ${PORT}, bind: 1.1.1.1 }, { ${PORT}, bind: 1.1.1.2 }`,
    ],
    ['valid', 'an address of its own', `{ ${PORT}, bind: "::1" }`],
    ['invalid', 'a socket of its own', `{ ${PORT}, bind: unix:///a }`],
    ['valid', 'a way to capture', `{ ${PORT}, captureMode: NONE }`],
    ['valid', 'an endpoint', `{ ${PORT}, defaultEndpoint: "127.0.0.1:80" }`],
    ['valid', 'an endpoint at every address', `{ ${PORT}, defaultEndpoint: "0.0.0.0:80" }`],
    ['valid', 'an endpoint of IPv6', `{ ${PORT}, defaultEndpoint: "[::1]:80" }`],
    ['valid', 'an endpoint at every address of IPv6', `{ ${PORT}, defaultEndpoint: "[::]:80" }`],
    ['valid', 'an endpoint without an address', `{ ${PORT}, defaultEndpoint: ":80" }`],
    ['valid', 'an endpoint that is a socket', `{ ${PORT}, defaultEndpoint: unix:///run/a.sock }`],
    ['valid', 'an empty endpoint', `{ ${PORT}, defaultEndpoint: "" }`],
    ['invalid', 'an endpoint elsewhere', `{ ${PORT}, defaultEndpoint: "10.1.2.3:80" }`],
    ['invalid', 'an endpoint by name', `{ ${PORT}, defaultEndpoint: "localhost:80" }`],
    ['invalid', 'an endpoint of IPv6 elsewhere', `{ ${PORT}, defaultEndpoint: "[2001:db8::1]:80" }`],
    ['invalid', 'an endpoint of IPv6 without brackets', `{ ${PORT}, defaultEndpoint: "::1:80" }`],
    ['invalid', 'an endpoint without a port', `{ ${PORT}, defaultEndpoint: 127.0.0.1 }`],
    ['invalid', 'an endpoint with a port by name', `{ ${PORT}, defaultEndpoint: "127.0.0.1:http" }`],
    ['invalid', 'an endpoint with a port too high', `{ ${PORT}, defaultEndpoint: "127.0.0.1:65536" }`],
    ['invalid', 'an endpoint with an empty port', `{ ${PORT}, defaultEndpoint: "127.0.0.1:" }`],
    ['invalid', 'an endpoint that is a socket of a relative path', `{ ${PORT}, defaultEndpoint: unix://a }`],
  ],
  (listeners) => `{ ingress: [${listeners}] }`,
);

const TLS_PORT = 'port: { number: 8443, protocol: HTTPS }';
const FILES = 'serverCertificate: c, privateKey: k';

table(
  'Sidecar',
  [
    ['not done yet', 'TLS', `{ mode: SIMPLE, ${FILES} }`],
    ['not done yet', 'mutual TLS', `{ mode: MUTUAL, ${FILES}, caCertificates: ca }`],
    ['not done yet', 'TLS that passes', '{}'],
    ['invalid', 'TLS without files', '{ mode: SIMPLE }'],
    ['invalid', 'identity of the mesh', '{ mode: ISTIO_MUTUAL }'],
    ['invalid', 'TLS that passes by its name', '{ mode: AUTO_PASSTHROUGH }'],
    ['invalid', 'a redirect', '{ httpsRedirect: true }'],
    [
      'invalid',
      'names that clients must prove',
      `{ mode: MUTUAL, ${FILES}, caCertificates: ca, subjectAltNames: [a] }`,
    ],
    ['invalid', 'a credential', '{ mode: SIMPLE, credentialName: c }'],
    ['invalid', 'two credentials', '{ mode: SIMPLE, credentialNames: [a, b] }'],
    ['invalid', 'a list of certificates', `{ mode: SIMPLE, tlsCertificates: [{ ${FILES} }] }`],
  ],
  (tls) => `{ ingress: [{ ${TLS_PORT}, tls: ${tls} }] }`,
);

table('Sidecar', [
  ['invalid', 'TLS on plain HTTP', `{ ingress: [{ ${PORT}, tls: { mode: SIMPLE, ${FILES} } }] }`],
  [
    'invalid',
    'TLS on TCP',
    `{ ingress: [{ port: { number: 1, protocol: TCP }, tls: { mode: SIMPLE, ${FILES} } }] }`,
  ],
]);

const POOLS: readonly (readonly ['valid' | 'invalid', string, string])[] = [
  ['valid', 'limits', '{ http: { http1MaxPendingRequests: 1, http2MaxRequests: 2 } }'],
  ['valid', 'limits of 0', '{ http: { http1MaxPendingRequests: 0, http2MaxRequests: 0 } }'],
  ['valid', 'connections', '{ tcp: { maxConnections: 5, connectTimeout: 1s, idleTimeout: 0s } }'],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'a negative limit', '{ http: { http2MaxRequests: -1 } }'],
  ['invalid', 'a negative limit of those that wait', '{ http: { http1MaxPendingRequests: -1 } }'],
  ['invalid', 'a negative number of requests', '{ http: { maxRequestsPerConnection: -1 } }'],
  ['invalid', 'a negative number of retries', '{ http: { maxRetries: -1 } }'],
  ['invalid', 'a negative number of streams', '{ http: { maxConcurrentStreams: -1 } }'],
  ['invalid', 'a negative number of connections', '{ tcp: { maxConnections: -1 } }'],
  ['invalid', 'an idle time of 0', '{ http: { idleTimeout: 0s } }'],
  ['invalid', 'a time too short', '{ tcp: { connectTimeout: 0.5ms } }'],
  ['valid', 'the longest life of a connection', '{ tcp: { maxConnectionDuration: 1h } }'],
  ['invalid', 'a life of a connection that is too short', '{ tcp: { maxConnectionDuration: 0s } }'],
  ['invalid', 'a life of a connection that is no time', '{ tcp: { maxConnectionDuration: long } }'],
  ['valid', 'probes', '{ tcp: { tcpKeepalive: { probes: 3, time: 10s, interval: 1s } } }'],
  ['valid', 'empty probes', '{ tcp: { tcpKeepalive: {} } }'],
  ['invalid', 'probes at no time', '{ tcp: { tcpKeepalive: { time: 0s } } }'],
  ['invalid', 'probes without a wait', '{ tcp: { tcpKeepalive: { interval: 0.1ms } } }'],
  ['valid', 'pings', '{ http: { http2KeepAlive: { interval: 10s, timeout: 1s } } }'],
  ['invalid', 'pings without an interval', '{ http: { http2KeepAlive: { timeout: 1s } } }'],
  ['invalid', 'pings without a time', '{ http: { http2KeepAlive: { interval: 1s } } }'],
  ['valid', 'an upgrade', '{ http: { h2UpgradePolicy: UPGRADE } }'],
  ['valid', "the client's protocol", '{ http: { useClientProtocol: true } }'],
  [
    'invalid',
    "an upgrade and the client's protocol",
    '{ http: { h2UpgradePolicy: UPGRADE, useClientProtocol: true } }',
  ],
];

table('Sidecar', POOLS, (pool) => `{ inboundConnectionPool: ${pool} }`);
table('Sidecar', POOLS, (pool) => `{ ingress: [{ ${PORT}, connectionPool: ${pool} }] }`);
table(
  'Sidecar',
  [
    [
      'warning',
      'limits of HTTP on a port of TCP',
      'TCP }, connectionPool: { http: { http2MaxRequests: 1 } }',
    ],
    [
      'warning',
      'limits of HTTP on a port of HTTPS',
      'HTTPS }, connectionPool: { http: { http2MaxRequests: 1 } }',
    ],
    [
      'warning',
      'limits of HTTP on a port of no protocol',
      '"" }, connectionPool: { http: { http2MaxRequests: 1 } }',
    ],
    [
      'valid',
      'limits of HTTP on a port of gRPC',
      'GRPC }, connectionPool: { http: { http2MaxRequests: 1 } }',
    ],
    [
      'valid',
      'limits of connections on a port of TCP',
      'TCP }, connectionPool: { tcp: { maxConnections: 1 } }',
    ],
  ],
  (part) => `{ ingress: [{ port: { number: 80, protocol: ${part} }] }`,
);

table(
  'Sidecar',
  [
    ['valid', 'an empty policy, which is the strict one', '{}'],
    ['valid', 'known hosts only', '{ mode: REGISTRY_ONLY }'],
    ['valid', 'any host', '{ mode: ALLOW_ANY }'],
    ['invalid', 'what is for the mesh', '{ mode: ALLOW_ANY_DYNAMIC_DNS }'],
    ['invalid', 'an unknown mode', '{ mode: DENY }'],
    ['valid', 'a proxy', '{ mode: ALLOW_ANY, egressProxy: { host: out.example, port: { number: 80 } } }'],
    [
      'valid',
      'a subset of a proxy',
      '{ mode: ALLOW_ANY, egressProxy: { host: out.example, subset: v1, port: { number: 80 } } }',
    ],
    [
      'valid',
      'a proxy with a short name',
      '{ mode: ALLOW_ANY, egressProxy: { host: out, port: { number: 80 } } }',
    ],
    [
      'invalid',
      'a proxy for known hosts only',
      '{ mode: REGISTRY_ONLY, egressProxy: { host: out.example, port: { number: 80 } } }',
    ],
    ['invalid', 'a proxy without a mode', '{ egressProxy: { host: out.example, port: { number: 80 } } }'],
    ['invalid', 'a proxy without a port', '{ mode: ALLOW_ANY, egressProxy: { host: out.example } }'],
    [
      'invalid',
      'a proxy at port 0',
      '{ mode: ALLOW_ANY, egressProxy: { host: out.example, port: { number: 0 } } }',
    ],
    ['invalid', 'a proxy without a host', '{ mode: ALLOW_ANY, egressProxy: { port: { number: 80 } } }'],
    [
      'invalid',
      'a proxy that is a wildcard',
      '{ mode: ALLOW_ANY, egressProxy: { host: "*.example", port: { number: 80 } } }',
    ],
    [
      'invalid',
      'a proxy by address',
      '{ mode: ALLOW_ANY, egressProxy: { host: 1.2.3.4, port: { number: 80 } } }',
    ],
    [
      'invalid',
      'a subset that is no label',
      '{ mode: ALLOW_ANY, egressProxy: { host: out.example, subset: "a b", port: { number: 80 } } }',
    ],
  ],
  (policy) => `{ outboundTrafficPolicy: ${policy} }`,
);
