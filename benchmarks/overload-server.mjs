/**
 * The server of `overload.mjs`: a handler that computes for some milliseconds, bare or behind the mesh with an adaptive limit and its
 * defaults. It tells its parent its port and how long the work takes.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { join } from 'heddle';

const POLICY = `apiVersion: heddle.dev/v1
kind: ResiliencePolicy
metadata: { name: overload }
spec: { selector: {}, concurrency: {} }
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: istio-system }
spec: { mtls: { mode: PERMISSIVE } }
`;
const BLOCK = Buffer.alloc(4_096, 'x');

const [{ kind, workMs }] = await once(process, 'message');
const turns = calibrated(workMs);
const handler = (request, response) => {
  if (request.url !== '/idle') work(turns);
  response.setHeader('content-type', 'text/plain');
  response.end('ok');
};

if (kind === 'mesh') {
  const folder = mkdtempSync(joinPath(tmpdir(), 'heddle-bench-'));
  const policy = joinPath(folder, 'policy.yaml');
  writeFileSync(policy, POLICY);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const mesh = await join({ policy, drainTimeoutMs: 10, log: () => {} });
  const { port } = await mesh.listen(handler, 0, { address: '127.0.0.1' });
  process.send({ port });
} else {
  const server = createServer(handler);
  server.keepAliveTimeout = 75_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 511 });
  await once(server, 'listening');
  process.send({ port: server.address().port });
}
process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());

function work(count) {
  const hash = createHash('sha256');
  for (let left = count; left > 0; left -= 1) hash.update(BLOCK);
  return hash.digest();
}

/** How much of the work takes `ms` here and now. */
function calibrated(ms) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 10; round += 1) {
    const began = performance.now();
    work(200);
    best = Math.min(best, (performance.now() - began) / 200);
  }
  return Math.max(1, Math.round(ms / best));
}
