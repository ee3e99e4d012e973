/** Mutual TLS between meshes that get identity and policy from files, over real sockets. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { memberOf, meshService, peerAuthentication, TestCa } from '@heddle/testkit';
import { isMeshError, type Mesh } from 'heddle';

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const PRODUCTPAGE = 'spiffe://cluster.local/ns/default/sa/productpage';

async function folder(t: TestContext): Promise<string> {
  const name = await mkdtemp(path(tmpdir(), 'heddle-mtls-'));
  t.after(() => rm(name, { recursive: true, force: true }));
  return name;
}

/** Writes an SVID where `HEDDLE_IDENTITY_DIR` expects it; each file by rename, as those who rotate certificates do. */
async function writeIdentity(into: string, ca: TestCa, id: string, also?: TestCa): Promise<void> {
  const svid = await ca.svid(id);
  const files = {
    'ca.pem': [...ca.bundle.roots, ...(also?.bundle.roots ?? [])].join('\n'),
    'key.pem': svid.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'cert.pem': svid.chain.join('\n'),
  };
  for (const [name, text] of Object.entries(files)) {
    await writeFile(path(into, `.${name}`), text);
    await rename(path(into, `.${name}`), path(into, name));
  }
}

function member(
  t: TestContext,
  policy: string,
  identityDir: string | null,
  log: (line: string) => void = () => {},
): Promise<Mesh> {
  return memberOf(t, policy, { log, ...(identityDir === null ? {} : { identityDir }) });
}

const STRICT = peerAuthentication('STRICT');

/** How the client reaches the server; it expects `id` there. */
function towards(port: number, id: string | null, perConnection = 0): string {
  return meshService({ host: 'reviews.mesh', port, id, perConnection });
}

interface Served {
  readonly port: number;
  /** Of each request: whether its TLS session was resumed. */
  readonly resumed: boolean[];
}

/** A server that tells each caller who it is. */
async function serve(t: TestContext, identityDir: string, log?: (line: string) => void): Promise<Served> {
  const mesh = await member(t, STRICT, identityDir, log);
  const resumed: boolean[] = [];
  const { port } = await mesh.listen((request: IncomingMessage, response) => {
    resumed.push((request.socket as TLSSocket).isSessionReused?.() ?? false);
    response.end(mesh.context()?.peer ?? 'nobody');
  }, 0);
  return { port, resumed };
}

async function refusalOf(mesh: Mesh): Promise<Error & { code: string; sent: string }> {
  try {
    await (await mesh.request('http://reviews.mesh/', { timeoutMs: 60_000 })).body.text();
  } catch (error) {
    assert.ok(isMeshError(error), String(error));
    return error;
  }
  throw new Error('the call was answered');
}

test('peers know each other by their SPIFFE IDs, whatever the address', async (t) => {
  const ca = await TestCa.create();
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, ca, PRODUCTPAGE);
  await writeIdentity(theirs, ca, REVIEWS);
  const { port } = await serve(t, theirs);
  const client = await member(t, towards(port, REVIEWS), ours);
  assert.equal(await (await client.fetch('http://reviews.mesh/')).text(), PRODUCTPAGE);
  assert.equal(client.status().identity?.spiffeId, PRODUCTPAGE);
});

test('a server with another identity than expected is refused, and the error names both', async (t) => {
  const ca = await TestCa.create();
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, ca, PRODUCTPAGE);
  await writeIdentity(theirs, ca, 'spiffe://cluster.local/ns/default/sa/impostor');
  const { port, resumed } = await serve(t, theirs);
  const client = await member(t, towards(port, REVIEWS), ours);
  for (let i = 0; i < 3; i += 1) {
    const error = await refusalOf(client);
    assert.equal(error.code, 'HEDDLE_PEER_UNTRUSTED');
    assert.equal(error.sent, 'no');
    assert.ok(error.message.includes(REVIEWS), error.message);
    assert.ok(error.message.includes('spiffe://cluster.local/ns/default/sa/impostor'), error.message);
  }
  assert.equal(resumed.length, 0);
});

test('a server of another CA is refused, though it claims the right identity', async (t) => {
  const [ca, foreign] = [await TestCa.create(), await TestCa.create()];
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, ca, PRODUCTPAGE);
  await writeIdentity(theirs, foreign, REVIEWS);
  const { port, resumed } = await serve(t, theirs);
  const client = await member(t, towards(port, REVIEWS), ours);
  assert.equal((await refusalOf(client)).code, 'HEDDLE_PEER_UNTRUSTED');
  assert.equal(resumed.length, 0);
});

test('a client of another CA and one in plain text get no answer from a strict server', async (t) => {
  const [ca, foreign] = [await TestCa.create(), await TestCa.create()];
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, foreign, PRODUCTPAGE, ca);
  await writeIdentity(theirs, ca, REVIEWS);
  const { port, resumed } = await serve(t, theirs);
  const stranger = await member(t, towards(port, REVIEWS), ours);
  await refusalOf(stranger);
  const plain = await member(t, towards(port, null), null);
  await refusalOf(plain);
  assert.equal(resumed.length, 0);
});

test('a workload without an identity cannot call where policy asks for one', async (t) => {
  const client = await member(t, towards(1, REVIEWS), null);
  assert.equal((await refusalOf(client)).code, 'HEDDLE_IDENTITY_UNAVAILABLE');
});

test('sessions are resumed: a new connection costs no full handshake, and the peer is known all the same', async (t) => {
  const ca = await TestCa.create();
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, ca, PRODUCTPAGE);
  await writeIdentity(theirs, ca, REVIEWS);
  const { port, resumed } = await serve(t, theirs);
  const client = await member(t, towards(port, REVIEWS, 1), ours);
  for (let i = 0; i < 200 && !resumed.includes(true); i += 1) {
    assert.equal(await (await client.fetch('http://reviews.mesh/')).text(), PRODUCTPAGE);
  }
  assert.equal(resumed[0], false);
  assert.ok(resumed.includes(true), 'no session was ever resumed');
});

test('certificates and keys of both sides are replaced while requests flow: none fails', {
  timeout: 120_000,
}, async (t) => {
  const ca = await TestCa.create();
  const [ours, theirs] = [await folder(t), await folder(t)];
  await writeIdentity(ours, ca, PRODUCTPAGE);
  await writeIdentity(theirs, ca, REVIEWS);
  const renewed = { ours: 0, theirs: 0 };
  const count = (side: 'ours' | 'theirs') => (line: string) => {
    if (line.startsWith('certificate.renewed')) renewed[side] += 1;
  };
  const { port } = await serve(t, theirs, count('theirs'));
  // A connection for each few requests, so that each certificate is used for some.
  const client = await member(t, towards(port, REVIEWS, 3), ours, count('ours'));
  let flowing = true;
  let answered = 0;
  const all = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (flowing) {
        assert.equal(await (await client.fetch('http://reviews.mesh/')).text(), PRODUCTPAGE);
        answered += 1;
      }
    }),
  );
  /** Goes on while requests flow; ends with the first that fails. */
  const until = async (condition: () => boolean) => {
    while (!condition()) await Promise.race([turn(), all]);
  };
  try {
    for (let round = 1; round <= 3; round += 1) {
      await writeIdentity(ours, ca, PRODUCTPAGE);
      await until(() => renewed.ours >= round);
      await writeIdentity(theirs, ca, REVIEWS);
      await until(() => renewed.theirs >= round);
      const enough = answered + 40;
      await until(() => answered >= enough);
    }
  } finally {
    flowing = false;
  }
  await all;
});
