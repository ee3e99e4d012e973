/**
 * The other end, in a process of its own: plain `node:http` and `node:https` servers, so that neither side is served better. It is
 * started with {@link startServers}; the path says how large the answer is.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ID = 'spiffe://cluster.local/ns/default/sa/peer';

/** Bytes of the answer, by path. */
export const BODIES = { '/small': 200, '/large': 10_240 };

/**
 * @returns ports of plain and of mutual TLS listeners, the PEM files of an identity that they take, and a way to end it all
 */
export async function startServers({ listeners = 10 } = {}) {
  const { TestCa, TestIdentity } = await import('@heddle/testkit');
  const folder = mkdtempSync(join(tmpdir(), 'heddle-bench-'));
  const ca = await TestCa.create();
  const svid = await ca.svid(ID);
  const identity = join(folder, 'identity');
  const pem = {
    cert: svid.chain.join(''),
    key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
    ca: ca.bundle.roots.join(''),
  };
  mkdirSync(identity);
  for (const [name, text] of Object.entries(pem))
    writeFileSync(join(identity, `${name}.pem`), text, { mode: 0o600 });
  const child = fork(fileURLToPath(import.meta.url), [String(listeners)], { execArgv: [] });
  child.send(pem);
  const [ports] = await once(child, 'message');
  return {
    ...ports,
    pem,
    identity,
    /** The same identity, for parts that take a source of it. */
    source: new TestIdentity(svid, ca.bundle),
    folder,
    child,
    async close() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How many connections and TLS sessions it took so far. */
export async function countsOf({ child }) {
  child.send('counts');
  const [counts] = await once(child, 'message');
  return counts;
}

async function serve(listeners) {
  const [pem] = await once(process, 'message');
  const bodies = Object.fromEntries(
    Object.entries(BODIES).map(([path, size]) => [path, Buffer.alloc(size, 'x')]),
  );
  const counts = { connections: 0, open: 0, handshakes: 0, resumed: 0 };
  const answer = (request, response) => {
    const slow = request.url === '/slow';
    const body = bodies[request.url] ?? bodies['/small'];
    request.resume();
    response.setHeader('content-type', 'text/plain');
    response.setHeader('content-length', body.length);
    if (!slow) return void response.end(body);
    // A head, half a body and the rest, so that there is something to give up in between.
    setTimeout(() => {
      response.write(body.subarray(0, 100));
      setTimeout(() => response.end(body.subarray(100)), 2);
    }, 2);
  };
  const open = async (server) => {
    server.keepAliveTimeout = 60_000;
    server.on('connection', (socket) => {
      counts.connections += 1;
      counts.open += 1;
      socket.once('close', () => {
        counts.open -= 1;
      });
    });
    server.on('secureConnection', (socket) => {
      counts.handshakes += 1;
      if (socket.isSessionReused()) counts.resumed += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server.address().port;
  };
  const plain = [];
  const mtls = [];
  for (let index = 0; index < listeners; index += 1) {
    plain.push(await open(createHttp(answer)));
    mtls.push(await open(createHttps({ ...pem, requestCert: true, rejectUnauthorized: true }, answer)));
  }
  process.on('message', (message) => {
    if (message === 'counts') process.send(counts);
  });
  process.on('disconnect', () => process.exit());
  process.send({ plain, mtls });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(Number(process.argv[2]));
