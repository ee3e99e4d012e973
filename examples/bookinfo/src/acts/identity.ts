import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import { createRoot, issueCertificate, SpiffeId } from 'heddle/security';
import type { Town } from '../demo/town.js';
import { Ratings } from '../services/ratings-proto.js';
import type { Act } from './act.js';

export const identity: Act = {
  title: '5. STRICT mutual TLS: nobody speaks to reviews without an identity of this mesh',
  async play({ town, screen, grpc }) {
    const port = portOf(town, 'reviews');
    const plain = await plainText(port);
    screen.check(plain === '', 'a plain-text call is refused', plain === '' ? 'connection closed' : plain);
    const foreign = await foreignCertificate(port);
    screen.check(!foreign.startsWith('HTTP'), 'a call with a certificate of another CA is refused', foreign);
    if (grpc) {
      const code = await plainGrpc(portOf(town, 'ratings'));
      screen.check(code === 'UNAVAILABLE', 'a gRPC call of ratings in plain text is refused', code);
    }
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

function portOf(town: Town, service: string): number {
  const clusters = town.visitor.status().clusters;
  const { endpoints } = clusters.find(({ name }) => name.startsWith(`outbound|9080||${service}.`))!;
  return Number(endpoints[0]!.key.split(':')[1]);
}

/** How a call ends that a client makes which is not in the mesh. */
function plainGrpc(port: number): Promise<string> {
  const client = new Ratings(`127.0.0.1:${port}`, credentials.createInsecure());
  return new Promise((resolve) => {
    client.Get({ id: '0' }, (error: ServiceError | null) => {
      client.close();
      resolve(error === null ? 'answered' : status[error.code]!);
    });
  });
}

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
