import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError, MeshError } from '../../base/errors.js';
import { FakeClock } from '../../base/testing.js';
import { TlsContexts } from './contexts.js';
import {
  ask,
  CLIENT,
  contexts,
  expecting,
  FixedIdentity,
  foreign,
  HOUR,
  NOW,
  received,
  root,
  SERVER,
  serve,
} from './fixtures.test.js';

test('both sides prove who they are, and each sees the other', async (context) => {
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const client = await contexts(CLIENT);
  const answer = await ask(server, client.contexts, expecting(SERVER));
  assert.equal(answer.text, CLIENT);
  assert.equal(answer.serverId, `URI:${SERVER}`);
});

test('a server with another identity than policy expects is refused, and the error names both', async (context) => {
  const server = await serve(context, (await contexts('spiffe://td/ns/default/sa/other')).contexts);
  const client = await contexts(CLIENT);
  await assert.rejects(ask(server, client.contexts, expecting(SERVER)), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_PEER_UNTRUSTED'));
    assert.match(error.message, /presented spiffe:\/\/td\/ns\/default\/sa\/other and not .*sa\/server/);
    return true;
  });
});

test('an empty list of expected identities refuses every server', async (context) => {
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const client = await contexts(CLIENT);
  await assert.rejects(ask(server, client.contexts, expecting()), /HEDDLE_PEER_UNTRUSTED.*none is accepted/);
});

test('a server of a foreign authority with the right name is refused, and so is such a client', async (context) => {
  const client = await contexts(CLIENT);
  const impostor = await serve(context, (await contexts(SERVER, foreign)).contexts);
  await assert.rejects(ask(impostor, client.contexts, expecting(SERVER)));
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const stranger = await contexts(CLIENT, foreign);
  stranger.identity.bundle.set({ trustDomain: 'td', roots: [root.certificate] });
  await assert.rejects(ask(server, stranger.contexts, expecting(SERVER)));
});

test('IDs of another trust domain are refused even from our own roots, unless it is an alias', async (context) => {
  const identity = new FixedIdentity(await received('spiffe://old.td/ns/default/sa/server'));
  identity.bundle.set({ trustDomain: 'td', roots: [root.certificate] });
  const server = await serve(context, new TlsContexts(identity));
  const client = await contexts(CLIENT);
  const settings = expecting('spiffe://old.td/ns/default/sa/server');
  await assert.rejects(ask(server, client.contexts, settings), /not of the trust domain td/);
  const lenient = new TlsContexts(client.identity, { trustDomainAliases: ['old.td'] });
  assert.equal((await ask(server, lenient, settings)).text, CLIENT);
  client.contexts.setTrustDomainAliases(['old.td']);
  assert.equal((await ask(server, client.contexts, settings)).text, CLIENT);
  assert.equal((await ask(server, client.contexts, expecting(SERVER))).text, CLIENT);
  await assert.rejects(ask(server, client.contexts, expecting(CLIENT)), /old\.td.*and not/);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`with ${version} a second connection resumes, and its peer is checked by the policy of now`, async (context) => {
    const max = version === 'TLSv1.2' ? version : undefined;
    const server = await serve(context, (await contexts(SERVER)).contexts, max);
    const { contexts: client } = await contexts(CLIENT);
    assert.equal((await ask(server, client, expecting(SERVER))).resumed, false);
    const second = await ask(server, client, expecting(SERVER));
    assert.equal(second.resumed, true);
    // The server still knows its client; the client's Node does not know its server any more, our session does.
    assert.equal(second.text, CLIENT);
    assert.equal(second.serverId, undefined);
    await assert.rejects(ask(server, client, expecting('spiffe://td/other')), /HEDDLE_PEER_UNTRUSTED/);
    // Refused by the resumed check, not by Node, and the session is gone.
    assert.equal(client.sessions.size, 0);
  });

  test(`with ${version} a change of our SVID or of the roots ends resumption`, async (context) => {
    const max = version === 'TLSv1.2' ? version : undefined;
    const server = await serve(context, (await contexts(SERVER)).contexts, max);
    const { contexts: client, identity } = await contexts(CLIENT);
    await ask(server, client, expecting(SERVER));
    identity.svid.set((await received('spiffe://td/renamed')).svid);
    assert.equal(client.sessions.size, 0);
    const second = await ask(server, client, expecting(SERVER));
    assert.equal(second.resumed, false);
    assert.equal(second.text, 'spiffe://td/renamed');
    identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
    await assert.rejects(ask(server, client, expecting(SERVER)));
  });

  test(`with ${version} a server that swaps its context takes no session from before`, async (context) => {
    const max = version === 'TLSv1.2' ? version : undefined;
    const ours = await contexts(SERVER);
    const server = await serve(context, ours.contexts, max);
    const { contexts: client } = await contexts(CLIENT);
    await ask(server, client, expecting(SERVER));
    // The client's root is trusted no more: its session must not carry it over the change.
    ours.identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
    await assert.rejects(ask(server, client, expecting(SERVER)));
  });
}

test('a session is not resumed beyond the end of the certificate that it was made with', async (context) => {
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const clock = new FakeClock(NOW);
  const client = new TlsContexts((await contexts(CLIENT)).identity, { clock });
  await ask(server, client, expecting(SERVER));
  clock.jumpWall(23 * HOUR);
  assert.equal((await ask(server, client, expecting(SERVER))).resumed, true);
  clock.jumpWall(2 * HOUR);
  assert.equal((await ask(server, client, expecting(SERVER))).resumed, false);
});

test('a server takes no session beyond the end of the certificate of its client', async (context) => {
  const clock = new FakeClock(NOW);
  const identity = new FixedIdentity(await received(SERVER));
  const server = await serve(context, new TlsContexts(identity, { clock }));
  const { contexts: client } = await contexts(CLIENT);
  await ask(server, client, expecting(SERVER));
  clock.jumpWall(23 * HOUR);
  assert.equal((await ask(server, client, expecting(SERVER))).resumed, true);
  clock.jumpWall(2 * HOUR);
  await assert.rejects(ask(server, client, expecting(SERVER)), /closed the connection|ECONNRESET/);
});

test('servers show the new SVID to new connections after a rotation', async (context) => {
  const ours = await contexts('spiffe://td/before');
  const server = await serve(context, ours.contexts);
  const { contexts: client } = await contexts(CLIENT);
  const either = expecting('spiffe://td/before', 'spiffe://td/after');
  assert.equal((await ask(server, client, either)).serverId, 'URI:spiffe://td/before');
  ours.identity.svid.set((await received('spiffe://td/after')).svid);
  assert.equal((await ask(server, client, either)).serverId, 'URI:spiffe://td/after');
});

test('contexts are made once and replaced when the identity changes', async () => {
  const { contexts: ours, identity } = await contexts(CLIENT);
  const first = ours.clientContext(expecting(SERVER));
  assert.equal(ours.clientContext(expecting('spiffe://td/x')), first);
  assert.equal(ours.serverOptions(), ours.serverOptions());
  let told = 0;
  const stop = ours.onServerChange(() => {
    told += 1;
  });
  identity.svid.set((await received(CLIENT)).svid);
  assert.notEqual(ours.clientContext(expecting(SERVER)), first);
  stop();
  identity.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
  assert.equal(told, 1);
  ours.close();
});

test('roots that are told of before there is an SVID change nothing yet, and are no failure', async () => {
  const { svid, bundle } = await received(CLIENT);
  const source = new FixedIdentity({ svid, bundle });
  const late = new TlsContexts({
    svid: {
      current: () => {
        throw new MeshError('not yet', { code: 'HEDDLE_IDENTITY_UNAVAILABLE' });
      },
      subscribe: () => () => {},
    },
    bundle: source.bundle,
    close: async () => {},
  });
  late.onServerChange(() => assert.fail('there is nothing to serve with'));
  source.bundle.set({ trustDomain: 'td', roots: [foreign.certificate] });
  late.close();
});

test('a process without identity has no mesh context, and says what to do', () => {
  const none = new TlsContexts(null);
  assert.throws(() => none.clientContext(expecting(SERVER)), /HEDDLE_IDENTITY_UNAVAILABLE/);
  assert.throws(() => none.serverOptions(), /HEDDLE_IDENTITY_UNAVAILABLE/);
});
