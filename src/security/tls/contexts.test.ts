import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { isMeshError, MeshError } from '../../base/errors.js';
import { Value } from '../../base/source.js';
import { FakeClock } from '../../base/testing.js';
import type { TlsSettings } from '../../model/destination.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { IdentitySource, Svid, TrustBundle } from '../../ports/identity.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { receiveSvid } from '../svid/receive.js';
import { TlsContexts } from './contexts.js';

const HOUR = 3_600_000;
// OpenSSL asks the machine for the time, so the certificates here must be valid now.
const NOW = systemWall();
const CLIENT = 'spiffe://td/ns/default/sa/client';
const SERVER = 'spiffe://td/ns/default/sa/server';
let root: Issuer;
let foreign: Issuer;

function systemWall(): number {
  return performance.timeOrigin;
}

before(async () => {
  const make = () => createRoot({ trustDomain: 'td', lifetimeMs: 48 * HOUR, wallNow: NOW - HOUR });
  root = new Issuer(await make());
  foreign = new Issuer(await make());
});

class FixedIdentity implements IdentitySource {
  readonly svid: Value<Svid>;
  readonly bundle: Value<TrustBundle>;
  constructor(first: { svid: Svid; bundle: TrustBundle }) {
    this.svid = new Value(first.svid);
    this.bundle = new Value(first.bundle);
  }
  async close(): Promise<void> {}
}

async function received(id: string, issuer: Issuer = root, dnsNames: string[] = []) {
  const key = await newKey();
  const leaf = issueCertificate({
    issuer,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.parse(id),
    notBefore: NOW - HOUR,
    notAfter: NOW + 24 * HOUR,
    dnsNames,
  });
  return receiveSvid({ chain: [leaf], roots: [issuer.certificate] }, key, NOW);
}

async function contexts(id: string, issuer: Issuer = root) {
  const identity = new FixedIdentity(await received(id, issuer));
  return { identity, contexts: new TlsContexts(identity) };
}

const expecting = (...subjectAltNames: string[]): TlsSettings => ({ mode: 'mesh', sni: '', subjectAltNames });

/** A server that asks for no certificate. */
function createTlsServer({ svid }: { svid: Svid }): Server {
  const key = svid.key.export({ type: 'pkcs8', format: 'pem' });
  return createServer({ key, cert: svid.chain.join('') }, (socket) => socket.on('error', () => {}));
}

/** A server that answers each byte it gets with the client's identity and closes. */
async function serve(context: TestContext, ours: TlsContexts, maxVersion?: 'TLSv1.2'): Promise<Server> {
  const server = createServer({
    ...ours.serverOptions(),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(ours.confirmClient(socket).toString()));
  });
  server.on('tlsClientError', () => {});
  ours.onServerChange((options) => server.setSecureContext(options));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return server;
}

interface Answer {
  readonly resumed: boolean;
  readonly text: string;
  readonly serverId: string | undefined;
}

/** One connection, as a transport makes it. */
async function ask(
  server: Server,
  ours: TlsContexts,
  settings: TlsSettings,
  host = '127.0.0.1',
): Promise<Answer> {
  const handshake = ours.handshake(settings, host, 'server');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ...handshake.options });
  handshake.follow(socket);
  let serverId: string | undefined;
  socket.once('secureConnect', () => {
    // Once only: each call of Node's client takes one certificate off the chain that it shows.
    serverId = socket.getPeerX509Certificate()?.subjectAltName;
  });
  try {
    await once(socket, 'secureConnect');
    const fault = handshake.confirm(socket);
    if (fault !== undefined) throw fault;
    const resumed = socket.isSessionReused();
    socket.write('x');
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    // On TLS 1.3 a server that refuses our certificate does so after our side of the handshake is over.
    if (text === '') throw new Error('the server closed the connection');
    return { resumed, text, serverId };
  } finally {
    socket.destroy();
  }
}

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

test('a client without a certificate is refused', async (context) => {
  const server = await serve(context, (await contexts(SERVER)).contexts);
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, root.certificate);
  const settings: TlsSettings = { mode: 'simple', sni: '', subjectAltNames: [SERVER], caCertificates: ca };
  await assert.rejects(ask(server, new TlsContexts(null), settings));
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

test('modes simple and mutual take their files, and check names as policy or the host says', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const identity = new FixedIdentity(await received(SERVER, root, ['orders.example', '*.wild.example']));
  const server = await serve(context, new TlsContexts(identity));
  const client = (await received(CLIENT)).svid;
  const mutual: TlsSettings = {
    mode: 'mutual',
    sni: '',
    subjectAltNames: [],
    caCertificates: file('ca.pem', root.certificate),
    clientCertificate: file('cert.pem', client.chain.join('')),
    privateKey: file('key.pem', client.key.export({ type: 'pkcs8', format: 'pem' }).toString()),
  };
  const ours = new TlsContexts(null);
  assert.equal(ours.clientContext(mutual), ours.clientContext({ ...mutual }));
  const asked = (settings: TlsSettings, host: string) => ask(server, new TlsContexts(null), settings, host);
  assert.equal((await asked(mutual, 'orders.example')).text, CLIENT);
  assert.equal((await asked(mutual, 'a.wild.example')).text, CLIENT);
  await assert.rejects(asked(mutual, 'other.example'), /HEDDLE_PEER_UNTRUSTED/);
  assert.equal((await asked({ ...mutual, sni: 'orders.example' }, 'other.example')).text, CLIENT);
  assert.equal((await asked({ ...mutual, subjectAltNames: ['x', SERVER] }, 'other.example')).text, CLIENT);
  assert.equal((await asked({ ...mutual, subjectAltNames: ['orders.example'] }, 'x')).text, CLIENT);
  await assert.rejects(
    asked({ ...mutual, subjectAltNames: [CLIENT] }, 'orders.example'),
    /none of the names/,
  );
});

test('a connection without verification takes any server, keeps no session and takes none', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const server = createTlsServer(await received(SERVER, foreign));
  server.on('secureConnection', (socket) => socket.once('data', () => socket.end('hello')));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  writeFileSync(join(folder, 'ca.pem'), root.certificate);
  const verified = {
    mode: 'simple',
    sni: '',
    subjectAltNames: [SERVER],
    caCertificates: join(folder, 'ca.pem'),
  } as const;
  const ours = new TlsContexts(null);
  for (let round = 0; round < 2; round += 1) {
    const answer = await ask(server, ours, { ...verified, insecureSkipVerify: true });
    assert.deepEqual([answer.text, answer.resumed], ['hello', false]);
  }
  assert.equal(ours.sessions.size, 0);
  await assert.rejects(ask(server, ours, verified));
});

test('TLS files that are missing or wrong are refused by name', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'bad.pem');
  const settings: TlsSettings = { mode: 'mutual', sni: '', subjectAltNames: [], privateKey: path };
  assert.throws(() => new TlsContexts(null).clientContext(settings), /HEDDLE_INVALID_SETTING.*bad\.pem/);
  writeFileSync(path, 'not a key');
  assert.throws(() => new TlsContexts(null).clientContext(settings), /HEDDLE_INVALID_SETTING.*bad\.pem/);
});
