import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found } from './found.test.helper.js';

const RIGHT = '{ servers: [{ hosts: ["*"], port: { number: 80, protocol: HTTP, name: a } }] }';

test('the name of a Gateway is a DNS label', () => {
  assert.deepEqual(found('Gateway', RIGHT), []);
  assert.deepEqual(found('Gateway', RIGHT, '{ name: edge.prod }'), ['error IST0106 metadata.name']);
  assert.deepEqual(found('Gateway', RIGHT, `{ name: ${'a'.repeat(64)} }`), ['error IST0106 metadata.name']);
  const converted = '{ name: edge.prod, annotations: { internal.istio.io/gateway-semantics: gateway } }';
  assert.deepEqual(found('Gateway', RIGHT, converted), []);
});

test('a Gateway is known in all of its versions', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3'])
    assert.deepEqual(found('Gateway', RIGHT, undefined, version), []);
});

test('all that is wrong with a server is said, each where it stands', () => {
  assert.deepEqual(
    found(
      'Gateway',
      '{ servers: [{ hosts: [short, "a/b/c"], port: { number: 0, protocol: X, targetPort: 1 }, bind: x, tls: { mode: MUTUAL, cipherSuites: [Y] } }] }',
    ).sort(),
    [
      'error IST0106 spec.servers[0].bind',
      'error IST0106 spec.servers[0].hosts[0]',
      'error IST0106 spec.servers[0].hosts[1]',
      'error IST0106 spec.servers[0].port.name',
      'error IST0106 spec.servers[0].port.number',
      'error IST0106 spec.servers[0].port.protocol',
      'error IST0106 spec.servers[0].port.targetPort',
      'error IST0106 spec.servers[0].tls.caCertificates',
      'error IST0106 spec.servers[0].tls.privateKey',
      'error IST0106 spec.servers[0].tls.serverCertificate',
      'warning IST0133 spec.servers[0].tls.cipherSuites[0]',
    ],
  );
});
