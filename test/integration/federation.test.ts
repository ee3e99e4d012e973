/** Two trust domains over real mutual TLS: peers are believed where their domain is federated, for their own domain only. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import {
  memberOf,
  meshService,
  peerAuthentication,
  policies,
  TestCa,
  type TestIdentity,
} from '@heddle/testkit';
import { isMeshError, type Mesh } from 'heddle';
import { withFederated } from 'heddle/security';

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const PARTNER = 'spiffe://partner.example/ns/default/sa/web';

function member(t: TestContext, policy: string, identity: TestIdentity): Promise<Mesh> {
  const { trustDomain } = identity.bundle.current();
  return memberOf(t, policy, { identity, trustDomain, drainTimeoutMs: 0 });
}

const STRICT = peerAuthentication('STRICT');

const allow = (source: string) =>
  policies(
    STRICT,
    `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: partners, namespace: default }
spec:
  rules: [{ from: [{ source: ${source} }] }]
`,
  );

const towards = (port: number) => meshService({ host: 'reviews.mesh', port, id: REVIEWS, perConnection: 1 });

/** Two authorities, and an identity of each that believes the other. */
async function domains() {
  const [ours, partner] = [await TestCa.create(), await TestCa.create({ trustDomain: 'partner.example' })];
  const server = await ours.identity(REVIEWS);
  server.bundle.set(withFederated(ours.bundle, [partner.bundle]));
  const client = await partner.identity(PARTNER);
  client.bundle.set(withFederated(partner.bundle, [ours.bundle]));
  return { ours, partner, server, client };
}

async function serve(t: TestContext, identity: TestIdentity, policy = STRICT): Promise<number> {
  const mesh = await member(t, policy, identity);
  const answer = (_request: IncomingMessage, response: { end(text: string): void }) =>
    response.end(mesh.context()?.peer ?? 'nobody');
  return (await mesh.listen(answer, 0)).port;
}

async function ask(mesh: Mesh): Promise<{ status: number; text: string }> {
  const response = await mesh.request('http://reviews.mesh/', { timeoutMs: 60_000 });
  return { status: response.statusCode, text: await response.body.text() };
}

test('workloads of two federated trust domains call each other, and each knows who the other is', async (t) => {
  const { server, client } = await domains();
  const port = await serve(t, server);
  const caller = await member(t, towards(port), client);
  for (let round = 0; round < 3; round += 1)
    assert.deepEqual(await ask(caller), { status: 200, text: PARTNER });
});

for (const source of [
  '{ principals: ["partner.example/ns/default/sa/web"] }',
  '{ trustDomains: ["partner.example"] }',
  '{ namespaces: ["default"], notPrincipals: ["cluster.local/*"] }',
]) {
  test(`a principal of a foreign trust domain is matched by ${source}`, async (t) => {
    const { server, client } = await domains();
    const port = await serve(t, server, allow(source));
    assert.equal((await ask(await member(t, towards(port), client))).status, 200);
  });
}

for (const source of [
  '{ principals: ["cluster.local/ns/default/sa/web"] }',
  '{ trustDomains: ["cluster.local"] }',
]) {
  test(`a principal of a foreign trust domain is not taken for one of ours by ${source}`, async (t) => {
    const { server, client } = await domains();
    const port = await serve(t, server, allow(source));
    assert.equal((await ask(await member(t, towards(port), client))).status, 403);
  });
}

test('where the domain of the client is not federated it does not get in, and neither once it is not any more', async (t) => {
  const { ours, partner, server, client } = await domains();
  const port = await serve(t, server);
  const caller = await member(t, towards(port), client);
  assert.equal((await ask(caller)).status, 200);
  server.bundle.set(ours.bundle);
  await assert.rejects(ask(caller), (error) => isMeshError(error));
  server.bundle.set(withFederated(ours.bundle, [partner.bundle]));
  assert.equal((await ask(caller)).status, 200);
});

test('where the domain of the server is not federated nothing is sent to it', async (t) => {
  const { partner, server, client } = await domains();
  const port = await serve(t, server);
  client.bundle.set(partner.bundle);
  const caller = await member(t, towards(port), client);
  await assert.rejects(ask(caller), (error) => isMeshError(error) && error.sent === 'no');
});

test('a foreign authority cannot make up a client of our own trust domain', async (t) => {
  const { partner, server, client } = await domains();
  const port = await serve(t, server);
  const impostor = await partner.svid('spiffe://cluster.local/ns/default/sa/admin');
  client.svid.set(impostor);
  const caller = await member(t, towards(port), client);
  for (let round = 0; round < 3; round += 1) await assert.rejects(ask(caller), (error) => isMeshError(error));
});

test('a foreign authority cannot make up a server of our own trust domain', async (t) => {
  const { ours, partner, server, client } = await domains();
  server.svid.set(await partner.svid(REVIEWS));
  const port = await serve(t, server);
  client.svid.set(await ours.svid('spiffe://cluster.local/ns/default/sa/web'));
  client.bundle.set(withFederated(ours.bundle, [partner.bundle]));
  const caller = await member(t, towards(port), client);
  for (let round = 0; round < 3; round += 1)
    await assert.rejects(ask(caller), /HEDDLE_PEER_UNTRUSTED.*roots of its own trust domain/);
});

test('a foreign service account is not ours of the same name', async (t) => {
  const { partner, server, client } = await domains();
  // Its ID is that of the server but for the trust domain.
  server.svid.set(await partner.svid('spiffe://partner.example/ns/default/sa/reviews'));
  const port = await serve(t, server);
  const caller = await member(t, towards(port), client);
  await assert.rejects(ask(caller), /HEDDLE_PEER_UNTRUSTED/);
});
