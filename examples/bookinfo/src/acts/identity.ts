import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createRoot, issueCertificate, SpiffeId } from 'heddle/security';
import type { Act } from './act.js';

export const identity: Act = {
  title: '5. STRICT mutual TLS: nobody speaks to reviews without an identity of this mesh',
  async play({ town, screen }) {
    const port = town.visitor
      .status()
      .clusters.find(({ name }) => name.startsWith('outbound|9080||reviews.'))!
      .endpoints[0]!.key.split(':')[1]!;
    const plain = await plainText(Number(port));
    screen.check(plain === '', 'a plain-text call is refused', plain === '' ? 'connection closed' : plain);
    const foreign = await foreignCertificate(Number(port));
    screen.check(!foreign.startsWith('HTTP'), 'a call with a certificate of another CA is refused', foreign);
    const peers = new Map<string, Set<string>>();
    for (const service of town.services) {
      const name = service.name.replace(/-v\d.*/, '');
      const seen = peers.get(name) ?? new Set();
      for (const { heddle } of service.accessLog) seen.add(heddle.peer ?? 'plain text');
      peers.set(name, seen);
    }
    for (const [name, seen] of peers)
      screen.note(`${name.padEnd(12)} is called by ${[...seen].sort().join(', ')}`);
    screen.check(
      [...peers.values()].every((seen) => [...seen].every((peer) => peer.startsWith('spiffe://'))),
      'every call that was served came from a peer that proved who it is',
    );
  },
};

/** What a server of the mesh answers to plain HTTP. */
async function plainText(port: number): Promise<string> {
  const socket = connectPlain(port, '127.0.0.1');
  socket.end('GET /reviews/0 HTTP/1.1\r\nhost: reviews:9080\r\nconnection: close\r\n\r\n');
  return answerOf(socket);
}

/** What it answers to somebody whose certificate says the right name, but is signed by a stranger. */
async function foreignCertificate(port: number): Promise<string> {
  const root = await createRoot({ trustDomain: 'cluster.local', lifetimeMs: 3_600_000, wallNow: Date.now() });
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = issueCertificate({
    issuer: root,
    publicKey,
    spiffeId: SpiffeId.parse('spiffe://cluster.local/ns/default/sa/productpage'),
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 600_000,
  });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const socket = connectTls({ port, host: '127.0.0.1', cert, key, rejectUnauthorized: false });
  socket.on('secureConnect', () => {
    socket.end('GET /reviews/0 HTTP/1.1\r\nhost: reviews:9080\r\nconnection: close\r\n\r\n');
  });
  return answerOf(socket);
}

async function answerOf(socket: ReturnType<typeof connectPlain>): Promise<string> {
  let answer = '';
  let failure = 'connection closed';
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => (answer += chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
  await once(socket, 'close').catch(() => {});
  return answer === '' && 'encrypted' in socket ? failure : answer;
}
