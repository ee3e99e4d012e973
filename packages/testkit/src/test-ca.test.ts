import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import { FakeClock } from 'heddle/ports';
import { chainFault, createRequest, newKey, TlsContexts } from 'heddle/security';
import { TestCa, TestIdentity } from './index.js';

const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const RATINGS = 'spiffe://cluster.local/ns/default/sa/ratings';

test('two identities of one authority, one below an intermediate, meet over mutual TLS', async () => {
  const ca = await TestCa.create();
  const below = await ca.intermediate();
  const server = new TlsContexts(await below.identity(RATINGS));
  const client = new TlsContexts(await ca.identity(REVIEWS));
  const listener = createServer(server.serverOptions(), (socket) => {
    socket.end(server.confirmClient(socket).toString());
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const settings = { mode: 'mesh', sni: '', subjectAltNames: [RATINGS] } as const;
  const handshake = client.handshake(settings, '127.0.0.1', 'ratings');
  const socket = connect({
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    ...handshake.options,
  });
  await once(socket, 'secureConnect');
  assert.equal(handshake.confirm(socket), undefined);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.equal(text, REVIEWS);
  listener.close();
});

test('a foreign authority of the same name does not lead to our roots', async () => {
  const clock = new FakeClock();
  const ca = await TestCa.create({ clock });
  const impostor = await TestCa.create({ clock });
  const svid = await impostor.svid(REVIEWS);
  assert.equal(chainFault(svid.chain, impostor.bundle.roots, clock.wallNow()), null);
  assert.match(String(chainFault(svid.chain, ca.bundle.roots, clock.wallNow())), /trusted root/);
});

test('spans can be chosen, so that a test can have an SVID that is over', async () => {
  const clock = new FakeClock();
  const ca = await TestCa.create({ clock });
  const svid = await ca.svid(REVIEWS, { notAfter: clock.wallNow() - 1_000 });
  assert.match(String(chainFault(svid.chain, ca.bundle.roots, clock.wallNow())), /expired/);
});

test('a request is answered as the config service answers', async () => {
  const clock = new FakeClock();
  const ca = await TestCa.create({ clock, trustDomain: 'td' });
  const key = await newKey();
  const issued = ca.sign(createRequest({ key }), 'spiffe://td/a');
  const identity = TestIdentity.received(issued, key, clock.wallNow());
  assert.equal(identity.svid.current().id.toString(), 'spiffe://td/a');
});
