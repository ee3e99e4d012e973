import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found, messagesOf } from './found.test.helper.js';

const PORT = 'port: { number: 80, protocol: HTTP, name: a }';

test('listeners on the way out: what they are bound to and how is told as without effect', () => {
  assert.deepEqual(
    found(
      'Sidecar',
      `{ egress: [{ ${PORT}, bind: 1.2.3.4, captureMode: NONE, hosts: ["*/*"] }, { bind: "", captureMode: DEFAULT, hosts: ["~/*"] }] }`,
    ),
    ['info HDL0006 spec.egress[0].bind', 'info HDL0006 spec.egress[0].captureMode'],
  );
});

test('listeners on the way in: all is told but the limits on calls', () => {
  assert.deepEqual(
    found(
      'Sidecar',
      `{ ingress: [{ ${PORT}, bind: 1.2.3.4, defaultEndpoint: ":8080", captureMode: NONE }] }`,
    ),
    ['port', 'bind', 'captureMode', 'defaultEndpoint'].map(
      (field) => `info HDL0006 spec.ingress[0].${field}`,
    ),
  );
  assert.deepEqual(
    found(
      'Sidecar',
      `{ ingress: [{ ${PORT}, connectionPool: { http: { http2MaxRequests: 1, maxRetries: 2 }, tcp: { maxConnections: 3 } } }] }`,
    ),
    [
      'info HDL0006 spec.ingress[0].connectionPool.tcp.maxConnections',
      'info HDL0006 spec.ingress[0].connectionPool.http.maxRetries',
    ],
  );
  const both = '{ http: { http2MaxRequests: 2 } }';
  assert.deepEqual(found('Sidecar', `{ inboundConnectionPool: ${both} }`), []);
});

test('TLS of a listener is refused, with what to do', () => {
  const tls = 'tls: { mode: SIMPLE, serverCertificate: c, privateKey: k }';
  const spec = `{ ingress: [{ port: { number: 1, protocol: TLS }, ${tls}, connectionPool: { http: {} } }] }`;
  const [refused, ...others] = messagesOf('Sidecar', spec).filter(({ level }) => level === 'error');
  assert.deepEqual([refused?.code, refused?.path], ['HDL0007', 'spec.ingress[0].tls']);
  assert.match(refused!.message, /End this TLS in the program itself/);
  assert.deepEqual(others, []);
});

test('each host that is wrong is said where it stands, and those that are right are not', () => {
  assert.deepEqual(found('Sidecar', '{ egress: [{ hosts: ["./*", a, "~x_y/*", "./a.example"] }] }'), [
    'error IST0106 spec.egress[0].hosts[1]',
    'error IST0106 spec.egress[0].hosts[2]',
    'warning IST0133 spec.egress[0].hosts[3]',
  ]);
});

test('what is wrong with a proxy is said once', () => {
  const policy = (proxy: string) => `{ outboundTrafficPolicy: { mode: ALLOW_ANY, egressProxy: ${proxy} } }`;
  const path = 'spec.outboundTrafficPolicy.egressProxy';
  assert.deepEqual(found('Sidecar', policy('{ host: "*", port: { number: 1 } }')), [
    `error IST0106 ${path}.host`,
  ]);
  assert.deepEqual(found('Sidecar', policy('{ host: a.example }')), [`error IST0106 ${path}.port`]);
  assert.deepEqual(found('Sidecar', policy('{ host: a.example, port: { number: 0 } }')), [
    `error IST0106 ${path}.port.number`,
  ]);
});

test('a Sidecar is known in all of its versions', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3'])
    assert.deepEqual(found('Sidecar', '{ egress: [{ hosts: ["./*"] }] }', undefined, version), []);
});
