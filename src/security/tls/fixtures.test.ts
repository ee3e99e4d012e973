import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { before, type TestContext } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { Value } from '../../base/source.js';
import type { TlsSettings } from '../../model/destination.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { IdentitySource, Svid, TrustBundle } from '../../ports/identity.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { receiveSvid } from '../svid/receive.js';
import { TlsContexts } from './contexts.js';

/** What the tests of this folder share: two authorities, identities, a server, and one connection to it. */

export const HOUR = 3_600_000;
// OpenSSL asks the machine for the time, so the certificates here must be valid now.
export const NOW = systemWall();
export const CLIENT = 'spiffe://td/ns/default/sa/client';
export const SERVER = 'spiffe://td/ns/default/sa/server';
export let root: Issuer;
export let foreign: Issuer;

function systemWall(): number {
  return performance.timeOrigin;
}

before(async () => {
  const make = () => createRoot({ trustDomain: 'td', lifetimeMs: 48 * HOUR, wallNow: NOW - HOUR });
  root = new Issuer(await make());
  foreign = new Issuer(await make());
});

export class FixedIdentity implements IdentitySource {
  readonly svid: Value<Svid>;
  readonly bundle: Value<TrustBundle>;
  constructor(first: { svid: Svid; bundle: TrustBundle }) {
    this.svid = new Value(first.svid);
    this.bundle = new Value(first.bundle);
  }
  async close(): Promise<void> {}
}

export async function received(id: string, issuer: Issuer = root, dnsNames: string[] = []) {
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

export async function contexts(id: string, issuer: Issuer = root) {
  const identity = new FixedIdentity(await received(id, issuer));
  return { identity, contexts: new TlsContexts(identity) };
}

export const expecting = (...subjectAltNames: string[]): TlsSettings => ({
  mode: 'mesh',
  sni: '',
  subjectAltNames,
});

/** A server that asks for no certificate. */
export function createTlsServer({ svid }: { svid: Svid }): Server {
  const key = svid.key.export({ type: 'pkcs8', format: 'pem' });
  return createServer({ key, cert: svid.chain.join('') }, (socket) => socket.on('error', () => {}));
}

/** A server that answers each byte it gets with the client's identity and closes. */
export async function serve(
  context: TestContext,
  ours: TlsContexts,
  maxVersion?: 'TLSv1.2',
): Promise<Server> {
  const server = createServer({
    ...ours.serverOptions(),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  });
  ours.followClients(server);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      try {
        socket.end(ours.confirmClient(socket).toString());
      } catch {
        socket.destroy();
      }
    });
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
export async function ask(
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
