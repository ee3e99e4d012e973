/** Endpoints that policy knows by name, over real sockets: calls to their addresses, TLS by the name, and names that nobody knows. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { TestCa } from '@heddle/testkit';
import { isMeshError, join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };

async function listening(t: TestContext, server: Server & { closeAllConnections(): void }): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A host `db.test` of one endpoint, known by name. */
async function member(
  t: TestContext,
  address: string,
  port: number,
  tls?: (roots: string) => string,
  ca?: TestCa,
) {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-names-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const roots = path(folder, 'roots.pem');
  if (ca !== undefined) await writeFile(roots, ca.bundle.roots.join('\n'));
  const policy = path(folder, 'policy.yaml');
  await writeFile(
    policy,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db, namespace: default }
spec:
  hosts: [db.test]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: ${address}, ports: { http: ${port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: db, namespace: default }
spec:
  host: db.test
  trafficPolicy: { tls: ${tls?.(roots) ?? '{ mode: DISABLE }'} }
`,
  );
  const mesh = await join({ policy, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return mesh;
}

const endpoints = (mesh: Mesh) => mesh.status().clusters[0]!.endpoints;

/** Until its addresses are known. */
async function found(mesh: Mesh): Promise<void> {
  while (endpoints(mesh).some(({ name }) => name === null)) await pause(1);
}

async function secure(t: TestContext, ca: TestCa, ...dnsNames: string[]): Promise<number> {
  const svid = await ca.svid('spiffe://cluster.local/ns/default/sa/db', { dnsNames });
  return listening(
    t,
    createTls(
      { cert: svid.chain.join('\n'), key: svid.key.export({ type: 'pkcs8', format: 'pem' }) },
      (request, response) =>
        response.end(`${(request.socket as TLSSocket).servername} ${request.headers.host}`),
    ),
  );
}

test('a name is called before its addresses are known, and by its addresses afterwards', LIMIT, async (t) => {
  const port = await listening(
    t,
    createServer((request, response) => response.end(request.headers.host)),
  );
  const mesh = await member(t, 'localhost', port);
  const first = mesh.fetch('http://db.test/');
  assert.equal(await (await first).text(), 'db.test');
  await found(mesh);
  const local = endpoints(mesh).find(({ key }) => key === `127.0.0.1:${port}`);
  assert.equal(local?.name, 'localhost');
  assert.equal(await (await mesh.fetch('http://db.test/')).text(), 'db.test');
});

for (const whenKnown of [false, true])
  test(
    `TLS ${whenKnown ? 'to its address' : 'before its address is known'}: the name is shown, and the certificate must bear it`,
    LIMIT,
    async (t) => {
      const ca = await TestCa.create();
      const port = await secure(t, ca, 'localhost');
      const mesh = await member(
        t,
        'localhost',
        port,
        (roots) => `{ mode: SIMPLE, caCertificates: ${roots} }`,
        ca,
      );
      if (whenKnown) await found(mesh);
      assert.equal(await (await mesh.fetch('http://db.test/')).text(), 'localhost db.test');
    },
  );

test('TLS: a certificate for another name, or for the address alone, is not taken', LIMIT, async (t) => {
  const ca = await TestCa.create();
  const port = await secure(t, ca, 'other.test');
  const mesh = await member(
    t,
    'localhost',
    port,
    (roots) => `{ mode: SIMPLE, caCertificates: ${roots} }`,
    ca,
  );
  await found(mesh);
  await assert.rejects(mesh.fetch('http://db.test/'), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_PEER_UNTRUSTED'), String(error));
    assert.match(String(error.cause), /localhost/);
    return true;
  });
});

test('TLS: what policy says of the server’s name goes before the name of the endpoint', LIMIT, async (t) => {
  const ca = await TestCa.create();
  const port = await secure(t, ca, 'front.test');
  const tls = (roots: string) =>
    `{ mode: SIMPLE, caCertificates: ${roots}, sni: front.test, subjectAltNames: [front.test] }`;
  const mesh = await member(t, 'localhost', port, tls, ca);
  await found(mesh);
  assert.equal(await (await mesh.fetch('http://db.test/')).text(), 'front.test db.test');
});

test(
  'a name that nobody knows: the call fails before it is sent, and says what the look-up said',
  LIMIT,
  async (t) => {
    const mesh = await member(t, 'nosuch.invalid', 80);
    const error: unknown = await mesh.fetch('http://db.test/').then(
      () => assert.fail('it went well'),
      (reason: unknown) => reason,
    );
    assert.ok(isMeshError(error, 'HEDDLE_CONNECT_FAILED'), String(error));
    assert.equal(error.sent, 'no');
    assert.equal(error.endpoint, 'nosuch.invalid:80');
    const codes: unknown[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
      codes.push((cause as NodeJS.ErrnoException).code);
    // Without a network nobody can say that there is no such name.
    assert.ok(['ENOTFOUND', 'EAI_AGAIN'].includes(String(codes.at(-1))), codes.join());
    assert.match(String(error.cause), /nosuch\.invalid/);
    assert.deepEqual(
      endpoints(mesh).map(({ key, name }) => [key, name]),
      [['nosuch.invalid:80', null]],
    );
  },
);
