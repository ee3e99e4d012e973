/** `https:` by `mesh.agent`, to servers that speak TLS of their own: what policy says of their certificates is checked. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { TestCa } from '@heddle/testkit';
import axios from 'axios';
import { isMeshError, join, type Mesh } from 'heddle';

/** A server of the name `bank.test` outside of the mesh, whose authority is in `roots`. */
async function world(t: TestContext, tls: (roots: string) => string): Promise<Mesh> {
  const ca = await TestCa.create();
  const svid = await ca.svid('spiffe://bank.test/ns/x/sa/y', { dnsNames: ['bank.test'] });
  const server = https.createServer(
    { cert: svid.chain.join('\n'), key: svid.key.export({ type: 'pkcs8', format: 'pem' }) },
    (request, response) =>
      response.end(`${(request.socket as TLSSocket).servername} ${request.headers.host} ${request.url}`),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const folder = await mkdtemp(path(tmpdir(), 'heddle-agent-tls-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const roots = path(folder, 'roots.pem');
  await writeFile(roots, ca.bundle.roots.join('\n'));
  const policy = path(folder, 'policy.yaml');
  await writeFile(
    policy,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank, namespace: default }
spec:
  hosts: [bank.test]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 443, name: https, protocol: HTTPS }]
  endpoints: [{ address: 127.0.0.1, ports: { https: ${(server.address() as AddressInfo).port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: bank, namespace: default }
spec:
  host: bank.test
  trafficPolicy: { tls: ${tls(roots)} }
`,
  );
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return mesh;
}

const LIMIT = { timeout: 120_000 };

test('https: reaches a server outside whose authority policy names, under its own name', LIMIT, async (t) => {
  const { agent } = await world(t, (roots) => `{ mode: SIMPLE, caCertificates: ${roots}, sni: bank.test }`);
  const { data } = await axios.get('https://bank.test/a?b=c', { httpsAgent: agent });
  assert.equal(data, 'bank.test bank.test /a?b=c');
});

test(
  'https: does not reach a server whose authority nobody knows, or that has another name',
  LIMIT,
  async (t) => {
    for (const tls of [
      () => '{ mode: SIMPLE, sni: bank.test }',
      (roots: string) =>
        `{ mode: SIMPLE, caCertificates: ${roots}, sni: bank.test, subjectAltNames: [other.test] }`,
    ]) {
      const { agent } = await world(t, tls);
      const error = await axios.get('https://bank.test/', { httpsAgent: agent }).then(
        () => assert.fail('it was reached'),
        (error: Error) => error,
      );
      assert.ok(isMeshError(error.cause, 'HEDDLE_PEER_UNTRUSTED'), String(error.cause));
    }
  },
);
