/**
 * What a call over HTTP/2 costs the process that makes it: the mesh beside `node:http2` as it is, over the same mutual TLS, one connection
 * and the same frames. What the mesh adds is routing, balancing, limits, retries armed and a deadline; what it leaves out is the price of
 * a stream that nobody reads as one.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createSecureServer } from 'node:http2';
import { join as path } from 'node:path';
import { fileURLToPath } from 'node:url';
import { join } from 'heddle';
import { goal, main, row } from './harness/result.mjs';
import { startServers } from './harness/servers.mjs';
import { compare } from './harness/slices.mjs';
import { pairedRatio, summary } from './harness/stats.mjs';

const SIZES = {
  mini: { rounds: 2, warm: 1, sliceMs: 5, concurrency: 4 },
  short: { rounds: 12, warm: 6, sliceMs: 150, concurrency: 32 },
  full: { rounds: 41, warm: 8, sliceMs: 200, concurrency: 32 },
};
const ID = 'spiffe://cluster.local/ns/default/sa/peer';
const BODY = Buffer.alloc(200, 'x');

const policyOf = (port) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: HTTP2 }]
  endpoints: [{ address: 127.0.0.1, ports: { main: ${port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec:
  host: svc.test
  trafficPolicy:
    tls: { mode: ISTIO_MUTUAL, subjectAltNames: ['${ID}'] }
    connectionPool: { http: { http2MaxRequests: 1000 } }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  http: [{ timeout: 5s, route: [{ destination: { host: svc.test } }] }]
`;

export async function run(size, progress) {
  const servers = await startServers({ listeners: 1 });
  const child = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: [] });
  child.send(servers.pem);
  const [port] = await once(child, 'message');
  const policy = path(servers.folder, 'http2.yaml');
  writeFileSync(policy, policyOf(port));
  const mesh = await join({ policy, identityDir: servers.identity, drainTimeoutMs: 0, log() {} });
  const session = connect(`https://127.0.0.1:${port}`, {
    ...servers.pem,
    servername: 'peer',
    checkServerIdentity: () => undefined,
    settings: { enablePush: false, initialWindowSize: 256 * 1024 },
  });
  try {
    await once(session, 'connect');
    const raw = () => rawCall(session);
    const viaMesh = async () => (await mesh.request('http://svc.test/small')).body.text();
    const answers = [await raw(), await viaMesh()];
    if (answers.some((answer) => answer !== BODY.toString())) throw new Error('the answers differ');
    const costs = await compare(
      {
        'node:http2': { call: raw },
        'mesh.request': { call: viaMesh },
        'node:http2, again': { call: raw },
      },
      { ...SIZES[size], progress },
    );
    const ratio = pairedRatio(costs['mesh.request'], costs['node:http2']);
    return {
      title: 'A call out over HTTP/2',
      setting: `mutual TLS 1.3, one connection, ${SIZES[size].concurrency} at a time, 200 bytes; ${SIZES[size].rounds} rounds`,
      tables: [
        {
          title: 'Request and response',
          unit: 'CPU µs of the client, a call',
          rows: Object.entries(costs).map(([name, list]) => row(name, summary(list))),
        },
        {
          title: 'Ratios, round by round',
          unit: 'one over the other',
          rows: [
            row('mesh.request over node:http2', ratio),
            row(
              'node:http2, again over node:http2',
              pairedRatio(costs['node:http2, again'], costs['node:http2']),
            ),
          ],
        },
      ],
      goals: [goal('mesh.request over node:http2, same mTLS', ratio.median, '≤', 1.5)],
    };
  } finally {
    session.destroy();
    await mesh.close();
    const gone = once(child, 'exit');
    child.kill();
    await gone;
    await servers.close();
  }
}

/** As little as a client can do that wants the whole text. */
function rawCall(session) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': '/small' }, { endStream: true });
    const chunks = [];
    let status = 0;
    stream.on('response', (head) => {
      status = head[':status'];
    });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => {
      if (status === 200) resolve(Buffer.concat(chunks).toString());
    });
    stream.on('error', reject);
  });
}

async function serve() {
  const [pem] = await once(process, 'message');
  const server = createSecureServer({ ...pem, requestCert: true, rejectUnauthorized: true });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/plain', 'content-length': BODY.length });
    stream.end(BODY);
  });
  server.on('session', (session) => session.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('disconnect', () => process.exit());
  process.send(server.address().port);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === 'serve') await serve();
  else await main('http2-call', run);
}
