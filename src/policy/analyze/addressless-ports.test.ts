import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyze } from './index.js';

function warned(spec: string, labels = '{}'): string[] {
  const text = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: a, labels: ${labels} }\nspec: ${spec}\n`;
  return analyze([{ file: 'a.yaml', text }]).messages.map(
    ({ code, level, path }) => `${level} ${code} ${path}`,
  );
}

const entry = (protocol: string, rest: string) =>
  `{ hosts: [a.example], ports: [{ number: 80, name: http, protocol: HTTP }, { number: 1, name: p${protocol} }], ${rest} }`;

test('a port that only an address tells apart is warned of once, whoever finds it', () => {
  for (const resolution of ['NONE', 'DNS', 'STATIC'])
    for (const protocol of ['', ', protocol: TCP', ', protocol: tcp'])
      assert.deepEqual(
        warned(entry(protocol, `resolution: ${resolution}`)),
        ['warning IST0134 spec.ports[1]'],
        resolution + protocol,
      );
  assert.deepEqual(
    warned(entry('', 'resolution: DNS'), '{ networking.istio.io/enable-autoallocate-ip: "false" }'),
    ['warning IST0134 spec.ports[1]'],
  );
});

test('with an address, or a protocol that names the host, nothing is said', () => {
  assert.deepEqual(warned(entry('', 'resolution: DNS, addresses: [10.0.0.1]')), []);
  for (const protocol of ['HTTPS', 'TLS', 'GRPC', 'MONGO'])
    assert.deepEqual(warned(entry(`, protocol: ${protocol}`, 'resolution: DNS')), [], protocol);
});
