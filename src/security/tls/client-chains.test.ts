import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { Svid } from '../../ports/identity.js';
import { trustBundle } from '../bundle/bundle.js';
import { withFederated } from '../bundle/federated.js';
import { createRoot, type Issuer, type IssuerPair, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { fromPem } from '../certificate/pem.js';
import { receiveSvid } from '../svid/receive.js';
import { ClientChains, clientChain } from './client-chains.js';
import { TlsContexts } from './contexts.js';
import { ask, expecting, FixedIdentity, HOUR, NOW, received, root, SERVER, serve } from './fixtures.test.js';

const PARTNER = 'spiffe://partner/ns/default/sa/web';
const SPAN = { notBefore: NOW - HOUR, notAfter: NOW + 24 * HOUR };
let partner: IssuerPair;

before(async () => {
  partner = await createRoot({ trustDomain: 'partner', lifetimeMs: 48 * HOUR, wallNow: NOW - HOUR });
});

/** An SVID below an intermediate of `issuer`. */
async function below(issuer: IssuerPair | Issuer, id = PARTNER, trustDomain = 'partner') {
  const [caKey, key] = [await newKey(), await newKey()];
  const spiffeId = SpiffeId.parse(`spiffe://${trustDomain}`);
  const publicKey = createPublicKey(caKey);
  const between = issueCertificate({ issuer, publicKey, spiffeId, isCa: true, ...SPAN });
  const leaf = issueCertificate({
    issuer: { certificate: between, key: caKey },
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse(id),
    ...SPAN,
  });
  return receiveSvid({ chain: [leaf, between], roots: [issuer.certificate] }, key, NOW).svid;
}

const ours = () => trustBundle('td', [root.certificate]);
const theirs = () => trustBundle('partner', [partner.certificate]);

/** A server of ours that believes the partner, and a client with `svid` that believes us. */
async function pair(svid: Svid) {
  const server = new FixedIdentity(await received(SERVER));
  server.bundle.set(withFederated(ours(), [theirs()]));
  const client = new FixedIdentity({ svid, bundle: withFederated(theirs(), [ours()]) });
  return { server, serverSide: new TlsContexts(server), clientSide: new TlsContexts(client) };
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  const max = version === 'TLSv1.2' ? version : undefined;

  test(`with ${version} a foreign client below an intermediate is known by its root, also when it resumes, and not after that root has left`, async (t) => {
    const { server, serverSide, clientSide } = await pair(await below(partner));
    const listening = await serve(t, serverSide, max);
    const first = await ask(listening, clientSide, expecting(SERVER));
    assert.deepEqual([first.text, first.resumed], [PARTNER, false]);
    const second = await ask(listening, clientSide, expecting(SERVER));
    assert.deepEqual([second.text, second.resumed], [PARTNER, true]);
    server.bundle.set(ours());
    await assert.rejects(ask(listening, clientSide, expecting(SERVER)));
  });

  test(`with ${version} an authority of the partner below an intermediate cannot make up one of ours`, async (t) => {
    const { serverSide } = await pair(await below(partner));
    const listening = await serve(t, serverSide, max);
    const refusals: unknown[] = [];
    listening.removeAllListeners('secureConnection');
    listening.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => {});
      try {
        serverSide.confirmClient(socket);
      } catch (error) {
        refusals.push(error);
      }
      socket.destroy();
    });
    const forged = new FixedIdentity({
      svid: await below(partner, 'spiffe://td/ns/default/sa/client', 'td'),
      bundle: withFederated(theirs(), [ours()]),
    });
    await assert.rejects(ask(listening, new TlsContexts(forged), expecting(SERVER)));
    assert.match(String(refusals), /not vouched for by the roots of its own trust domain/);
  });
}

for (const mostBytes of [undefined, 0]) {
  const how = mostBytes === undefined ? 'remembered' : 'forgotten for want of room';
  test(`a chain that is ${how} is whole where it was shown, and ${mostBytes === 0 ? 'no session is resumed without it' : 'whole again when the session is resumed'}`, async (t) => {
    const { serverSide } = await pair(await below(partner));
    const svid = await below(partner);
    const server = createServer({ ...serverSide.serverOptions() });
    let renewals = 0;
    const forgotten = () => {
      renewals += 1;
      server.setSecureContext(serverSide.serverOptions());
    };
    const chains = new ClientChains({ forgotten, ...(mostBytes === undefined ? {} : { mostBytes }) });
    chains.follow(server);
    const seen: { resumed: boolean; chain: readonly Uint8Array[] }[] = [];
    server.on('secureConnection', (socket) => {
      socket.on('error', () => {});
      const chain = clientChain(socket, socket.getPeerX509Certificate()!);
      seen.push({ resumed: socket.isSessionReused(), chain });
      socket.end('x');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    let session: Buffer | undefined;
    for (let round = 0; round < 2; round += 1) {
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca: [root.certificate],
        cert: svid.chain.join(''),
        key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
        checkServerIdentity: () => undefined,
        ...(session === undefined ? {} : { session }),
      });
      socket.on('session', (ticket: Buffer) => {
        session = ticket;
      });
      await once(socket.resume(), 'close');
    }
    const whole = svid.chain.map((pem) => fromPem('CERTIFICATE', pem));
    for (const { chain } of seen)
      assert.deepEqual(
        chain.map((der) => Buffer.from(der)),
        whole,
      );
    assert.deepEqual(
      seen.map(({ resumed }) => resumed),
      [false, mostBytes === undefined],
    );
    assert.deepEqual([renewals, chains.size], mostBytes === undefined ? [0, 1] : [2, 0]);
  });
}
