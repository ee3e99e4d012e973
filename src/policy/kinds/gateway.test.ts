import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResources } from '../parse.js';
import { validateResource } from '../validate.js';

/** `level code path` of all that is said of a Gateway. */
function found(servers: string, metadata = '{ name: edge }', version = 'v1'): string[] {
  const text = `apiVersion: networking.istio.io/${version}\nkind: Gateway\nmetadata: ${metadata}\nspec: { servers: ${servers} }\n`;
  const { resources, messages } = parseResources([{ file: 'x.yaml', text }]);
  return [...messages, ...resources.flatMap(validateResource)].map(
    ({ level, code, path }) => `${level} ${code} ${path}`,
  );
}

const RIGHT = '[{ hosts: ["*"], port: { number: 80, protocol: HTTP, name: a } }]';

test('the name of a Gateway is a DNS label', () => {
  assert.deepEqual(found(RIGHT), []);
  assert.deepEqual(found(RIGHT, '{ name: edge.prod }'), ['error IST0106 metadata.name']);
  assert.deepEqual(found(RIGHT, `{ name: ${'a'.repeat(64)} }`), ['error IST0106 metadata.name']);
  const converted = '{ name: edge.prod, annotations: { internal.istio.io/gateway-semantics: gateway } }';
  assert.deepEqual(found(RIGHT, converted), []);
});

test('a Gateway is known in all of its versions', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha3']) assert.deepEqual(found(RIGHT, undefined, version), []);
});

test('all that is wrong with a server is said, each where it stands', () => {
  assert.deepEqual(
    found(
      '[{ hosts: [short, "a/b/c"], port: { number: 0, protocol: X, targetPort: 1 }, bind: x, tls: { mode: MUTUAL, cipherSuites: [Y] } }]',
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
