/**
 * Gateway against Istio's own validation.
 * @source Istio `pkg/config/validation/validation.go` ValidateGateway, validateServer, validateTLSOptions
 */
import { table } from './table.test.helper.js';

const PORT = 'port: { number: 80, protocol: HTTP, name: web }';

table('Gateway', [
  ['valid', 'one server', `{ selector: { app: edge }, servers: [{ hosts: [a.example], ${PORT} }] }`],
  ['valid', 'no selector', `{ servers: [{ hosts: ["*"], ${PORT} }] }`],
  ['invalid', 'nothing', '{}'],
  ['invalid', 'an empty list of servers', '{ servers: [] }'],
  ['invalid', 'a server of null', '{ servers: [null] }'],
  ['invalid', 'a server of null beside one that is right', `{ servers: [null, { hosts: ["*"], ${PORT} }] }`],
  ['invalid', 'an empty server', '{ servers: [{}] }'],
  ['invalid', 'a selector of null', `{ selector: { app: null }, servers: [{ hosts: ["*"], ${PORT} }] }`],
  ['invalid', 'a misspelt field', `{ servers: [{ host: ["*"], ${PORT} }] }`],
  [
    'valid',
    'two ports of two names',
    `{ servers: [{ hosts: ["*"], ${PORT} }, { hosts: ["*"], port: { number: 81, protocol: HTTP, name: other } }] }`,
  ],
  [
    'invalid',
    'two ports of one name',
    `{ servers: [{ hosts: ["*"], ${PORT} }, { hosts: ["*"], port: { number: 81, protocol: HTTP, name: web } }] }`,
  ],
  [
    'valid',
    'one port number twice, under two names',
    `{ servers: [{ hosts: [a.example], ${PORT} }, { hosts: [b.example], port: { number: 80, protocol: HTTP, name: other } }] }`,
  ],
  ['valid', 'the name of a server', `{ servers: [{ name: front, hosts: ["*"], ${PORT} }] }`],
]);

const HOSTS = (hosts: string) => `{ servers: [{ hosts: ${hosts}, ${PORT} }] }`;

table(
  'Gateway',
  [
    ['invalid', 'no hosts', '[]'],
    ['invalid', 'a host of null', '[null]'],
    ['valid', 'every host', '["*"]'],
    ['valid', 'every host of a domain', '["*.a.example"]'],
    ['invalid', 'a part of a label', '["*a.example"]'],
    ['invalid', 'a part of a label with a dash', '["*-x.a.example"]'],
    ['invalid', 'a wildcard in the middle', '["a.*.example"]'],
    ['invalid', 'a short name', '[reviews]'],
    ['valid', 'an IPv4 address', '[10.1.2.3]'],
    ['invalid', 'an IPv6 address, which has no dot', '["2001:db8::1"]'],
    ['invalid', 'a name that ends in digits', '[a.example.1]'],
    ['valid', 'a name that ends in a dot', '[a.example.]'],
    ['invalid', 'an empty name', '[""]'],
    ['valid', 'a host of a namespace', '[prod/a.example]'],
    ['valid', 'a host of its own namespace', '["./a.example"]'],
    ['valid', 'a host of any namespace', '["*/a.example"]'],
    ['valid', 'every host of a namespace', '["prod/*"]'],
    ['invalid', 'a host of no namespace', '["~/a.example"]'],
    ['invalid', 'an empty namespace', '["/a.example"]'],
    ['invalid', 'an empty host', '["prod/"]'],
    ['invalid', 'a namespace with a dot', '["a.b/a.example"]'],
    ['invalid', 'a short name in a namespace', '[prod/reviews]'],
    ['invalid', 'two slashes', '[prod/a.example/b]'],
    ['valid', 'one host twice', '[a.example, a.example]'],
  ],
  HOSTS,
);

table(
  'Gateway',
  [['valid', 'a host of no namespace, made of a Kubernetes Gateway', '["~/a.example"]']],
  HOSTS,
  ', annotations: { internal.istio.io/gateway-semantics: gateway }',
);

table(
  'Gateway',
  [
    ['invalid', 'no port', ''],
    ['invalid', 'a port of null', 'port: null'],
    ['invalid', 'an empty port', 'port: {}'],
    ['invalid', 'a port without a number', 'port: { protocol: HTTP, name: a }'],
    ['invalid', 'a port without a protocol', 'port: { number: 80, name: a }'],
    ['invalid', 'a port without a name', 'port: { number: 80, protocol: HTTP }'],
    ['invalid', 'port 0', 'port: { number: 0, protocol: HTTP, name: a }'],
    ['valid', 'port 65535', 'port: { number: 65535, protocol: HTTP, name: a }'],
    ['invalid', 'port 65536', 'port: { number: 65536, protocol: HTTP, name: a }'],
    ['invalid', 'a negative port', 'port: { number: -1, protocol: HTTP, name: a }'],
    ['valid', 'a protocol in small letters', 'port: { number: 80, protocol: grpc-web, name: a }'],
    ['valid', 'a port of TCP', 'port: { number: 80, protocol: TCP, name: a }'],
    ['valid', 'a port of a database', 'port: { number: 80, protocol: Mongo, name: a }'],
    ['invalid', 'an unknown protocol', 'port: { number: 80, protocol: AMQP, name: a }'],
    ['valid', 'a name that is no label', 'port: { number: 80, protocol: HTTP, name: "a b" }'],
    ['invalid', 'a target port', 'port: { number: 80, protocol: HTTP, name: a, targetPort: 8080 }'],
    ['valid', 'a target port of 0', 'port: { number: 80, protocol: HTTP, name: a, targetPort: 0 }'],
    ['valid', 'an address to bind to', `${PORT}, bind: 127.0.0.1`],
    ['valid', 'an IPv6 address to bind to', `${PORT}, bind: "::1"`],
    ['invalid', 'a name to bind to', `${PORT}, bind: a.example`],
    ['valid', 'a unix socket', 'port: { number: 0, protocol: HTTP, name: a }, bind: unix:///run/a.sock'],
    ['valid', 'an abstract socket', 'port: { protocol: HTTP, name: a }, bind: "unix://@a"'],
    ['invalid', 'a unix socket with a port', `${PORT}, bind: unix:///run/a.sock`],
    [
      'invalid',
      'a unix socket with a relative path',
      'port: { protocol: HTTP, name: a }, bind: unix://run/a',
    ],
    ['invalid', 'a unix socket that is a folder', 'port: { protocol: HTTP, name: a }, bind: unix:///run/'],
    ['invalid', 'a unix socket without a path', 'port: { protocol: HTTP, name: a }, bind: "unix://"'],
  ],
  (part) => `{ servers: [{ hosts: ["*"]${part === '' ? '' : `, ${part}`} }] }`,
);

const SERVER = (protocol: string) => (tls: string) =>
  `{ servers: [{ hosts: ["*"], port: { number: 443, protocol: ${protocol}, name: a }${tls === '' ? '' : `, tls: ${tls}`} }] }`;

table(
  'Gateway',
  [
    ['valid', 'plain HTTP', ''],
    ['valid', 'a redirect', '{ httpsRedirect: true }'],
    ['valid', 'no redirect', '{}'],
    ['valid', 'TLS that passes, on plain HTTP', '{ mode: PASSTHROUGH }'],
    ['warning', 'a credential that is not used, on plain HTTP', '{ mode: PASSTHROUGH, credentialName: c }'],
    ['invalid', 'a certificate on plain HTTP', '{ httpsRedirect: true, serverCertificate: c }'],
    ['invalid', 'TLS on plain HTTP', '{ mode: SIMPLE, credentialName: c }'],
    ['invalid', 'identity of the mesh on plain HTTP', '{ mode: ISTIO_MUTUAL }'],
  ],
  SERVER('HTTP2'),
);

table(
  'Gateway',
  [
    ['valid', 'a port of TCP without TLS', ''],
    ['invalid', 'TLS on a port of TCP', '{ mode: SIMPLE, credentialName: c }'],
    ['invalid', 'TLS that passes, on a port of TCP', '{}'],
  ],
  SERVER('TCP'),
);

const FILES = 'serverCertificate: c, privateKey: k';

table(
  'Gateway',
  [
    ['invalid', 'HTTPS without TLS', ''],
    ['warning', 'a redirect on HTTPS', '{ httpsRedirect: true }'],
    ['valid', 'TLS that passes', '{ mode: PASSTHROUGH }'],
    ['valid', 'TLS that passes by its name', '{ mode: AUTO_PASSTHROUGH }'],
    ['valid', 'a mode that is left out', '{}'],
    ['invalid', 'an unknown mode', '{ mode: DOUBLE }'],
    ['valid', 'files', `{ mode: SIMPLE, ${FILES} }`],
    ['invalid', 'no files', '{ mode: SIMPLE }'],
    ['invalid', 'a certificate without its key', '{ mode: SIMPLE, serverCertificate: c }'],
    ['invalid', 'a key without its certificate', '{ mode: SIMPLE, privateKey: k }'],
    ['invalid', 'empty files', '{ mode: SIMPLE, serverCertificate: "", privateKey: "" }'],
    ['valid', 'a credential', '{ mode: SIMPLE, credentialName: c }'],
    ['valid', 'two credentials', '{ mode: SIMPLE, credentialNames: [rsa, ecdsa] }'],
    ['valid', 'a list of certificates', `{ mode: SIMPLE, tlsCertificates: [{ ${FILES} }, { ${FILES} }] }`],
    [
      'warning',
      'a list of three certificates',
      `{ mode: SIMPLE, tlsCertificates: [{ ${FILES} }, { ${FILES} }, { ${FILES} }] }`,
    ],
    [
      'invalid',
      'a certificate of the list without its key',
      '{ mode: SIMPLE, tlsCertificates: [{ serverCertificate: c }] }',
    ],
    ['invalid', 'a certificate of null', '{ mode: SIMPLE, tlsCertificates: [null] }'],
    ['invalid', 'files and a credential', `{ mode: SIMPLE, ${FILES}, credentialName: c }`],
    ['invalid', 'files and two credentials', `{ mode: SIMPLE, ${FILES}, credentialNames: [a, b] }`],
    ['invalid', 'a credential, and two', '{ mode: SIMPLE, credentialName: c, credentialNames: [a, b] }'],
    ['invalid', 'files and a list', `{ mode: SIMPLE, ${FILES}, tlsCertificates: [{ ${FILES} }] }`],
    [
      'valid',
      'a lone certificate beside a credential',
      '{ mode: SIMPLE, serverCertificate: c, credentialName: c }',
    ],
    ['valid', 'mutual TLS by files', `{ mode: MUTUAL, ${FILES}, caCertificates: ca }`],
    ['invalid', 'mutual TLS without roots', `{ mode: MUTUAL, ${FILES} }`],
    ['invalid', 'mutual TLS of a list without roots', `{ mode: MUTUAL, tlsCertificates: [{ ${FILES} }] }`],
    [
      'valid',
      'mutual TLS of a list',
      `{ mode: MUTUAL, tlsCertificates: [{ ${FILES} }], caCertificates: ca }`,
    ],
    ['valid', 'mutual TLS by a credential', '{ mode: MUTUAL, credentialName: c }'],
    ['valid', 'optional mutual TLS', `{ mode: OPTIONAL_MUTUAL, ${FILES}, caCertificates: ca }`],
    ['invalid', 'optional mutual TLS without roots', `{ mode: OPTIONAL_MUTUAL, ${FILES} }`],
    ['valid', 'optional mutual TLS by credentials', '{ mode: OPTIONAL_MUTUAL, credentialNames: [c] }'],
    ['valid', 'identity of the mesh', '{ mode: ISTIO_MUTUAL }'],
    ['invalid', 'identity of the mesh with a certificate', '{ mode: ISTIO_MUTUAL, serverCertificate: c }'],
    ['invalid', 'identity of the mesh with a key', '{ mode: ISTIO_MUTUAL, privateKey: k }'],
    ['invalid', 'identity of the mesh with roots', '{ mode: ISTIO_MUTUAL, caCertificates: ca }'],
    ['invalid', 'identity of the mesh with a list', '{ mode: ISTIO_MUTUAL, tlsCertificates: [{}] }'],
    ['invalid', 'identity of the mesh with a credential', '{ mode: ISTIO_MUTUAL, credentialName: c }'],
    ['invalid', 'identity of the mesh with credentials', '{ mode: ISTIO_MUTUAL, credentialNames: [c] }'],
    ['valid', 'identity of the mesh with a revocation list', '{ mode: ISTIO_MUTUAL, caCrl: l }'],
    ['warning', 'TLS that passes with files', `{ mode: PASSTHROUGH, ${FILES} }`],
    ['warning', 'TLS that passes with roots', '{ mode: PASSTHROUGH, caCertificates: ca }'],
    ['warning', 'TLS that passes with a revocation list', '{ mode: PASSTHROUGH, caCrl: l }'],
    [
      'warning',
      'TLS that passes by its name with a credential',
      '{ mode: AUTO_PASSTHROUGH, credentialName: c }',
    ],
    ['invalid', 'TLS that passes with two sources', `{ mode: PASSTHROUGH, ${FILES}, credentialName: c }`],
    [
      'invalid',
      'TLS that passes with a credential and a list',
      '{ mode: PASSTHROUGH, credentialName: c, caCrl: l }',
    ],
    [
      'invalid',
      'a revocation list where clients show no certificate',
      `{ mode: SIMPLE, ${FILES}, caCrl: l }`,
    ],
    ['valid', 'a revocation list', `{ mode: MUTUAL, ${FILES}, caCertificates: ca, caCrl: l }`],
    [
      'valid',
      'a revocation list beside a credential, which has its own',
      '{ mode: MUTUAL, credentialName: c, caCrl: l }',
    ],
    ['valid', 'names that clients must prove', '{ mode: MUTUAL, credentialName: c, subjectAltNames: [a] }'],
    [
      'valid',
      'pins',
      '{ mode: MUTUAL, credentialName: c, verifyCertificateSpki: [a], verifyCertificateHash: [b] }',
    ],
    ['valid', 'roots of another credential', '{ mode: MUTUAL, credentialName: c, caCertCredentialName: d }'],
  ],
  SERVER('HTTPS'),
);

table(
  'Gateway',
  [
    ['valid', 'a range of versions', 'minProtocolVersion: TLSV1_2, maxProtocolVersion: TLSV1_3'],
    ['valid', 'a version that is left to the server', 'minProtocolVersion: TLS_AUTO'],
    ['warning', 'a version that is too old', 'minProtocolVersion: TLSV1_0'],
    ['warning', 'a version that is too old, with no suites', 'minProtocolVersion: TLSV1_1, cipherSuites: []'],
    ['valid', 'an old version with suites', 'minProtocolVersion: TLSV1_1, cipherSuites: [AES128-SHA]'],
    ['valid', 'an old version at most', 'maxProtocolVersion: TLSV1_1'],
    ['invalid', 'a version that is none', 'minProtocolVersion: TLSV2_0'],
    ['valid', 'suites', 'cipherSuites: [ECDHE-RSA-AES256-GCM-SHA384, ECDHE-ECDSA-CHACHA20-POLY1305]'],
    ['warning', 'a suite that is none', 'cipherSuites: [ECDHE-RSA-AES256-GCM-SHA385]'],
    ['warning', 'a suite by the name of its standard', 'cipherSuites: [TLS_AES_128_GCM_SHA256]'],
    ['warning', 'a suite twice', 'cipherSuites: [AES128-SHA, AES128-SHA]'],
    ['valid', 'all suites', 'cipherSuites: [ALL]'],
    ['valid', 'an operator of OpenSSL', 'cipherSuites: ["-AES128-SHA", "!aNULL"]'],
    ['invalid', 'a suite of null', 'cipherSuites: [null]'],
    ['valid', 'curves', 'ecdhCurves: [X25519]'],
  ],
  (part) => SERVER('TLS')(`{ mode: SIMPLE, credentialName: c, ${part} }`),
);
