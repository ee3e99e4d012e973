/**
 * Servers of gRPC, each on a port of its own, all with mutual TLS of the same certificates: of `grpc.mjs`, which asks for what it
 * compares. Counts the CPU time that its parent asks for.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { join } from 'heddle';
import { echoServer, listening } from './harness/grpc.mjs';
import { openTelemetry } from './harness/otel.mjs';
import { serverPolicy } from './harness/policy.mjs';

const [{ pem, identity, folder, names }] = await once(process, 'message');
const meshed = names.some((name) => name.startsWith('mesh'));
const telemetry = meshed ? await openTelemetry() : null;
const watched = telemetry?.all ?? { enable() {}, disable() {} };
const ports = {};
for (const name of names)
  ports[name] = name.startsWith('mesh') ? await behindMesh() : await listening(echoServer(), pem);

let before;
process.on('message', ({ begin, end }) => {
  if (begin !== undefined) {
    if (begin.startsWith('mesh')) watched.enable();
    // A slice pays for its own garbage, not for that of the one before it.
    globalThis.gc?.({ type: 'minor' });
    before = process.cpuUsage();
    process.send({});
  } else if (end) {
    const { user, system } = process.cpuUsage(before);
    watched.disable();
    process.send({ cpu: user + system });
  }
});
process.on('disconnect', () => process.exit());
process.send({ ports });

/** Everything on: 100 rules of authorization, the last of which matches, metrics on all calls and spans on 1 %. */
async function behindMesh() {
  const { listen } = await import('@heddle/grpc');
  const policy = joinPath(folder, 'server.yaml');
  const operation = { paths: ['/bench.Echo/*'] };
  writeFileSync(policy, serverPolicy({ rules: 100, spansPercent: 1, operation }));
  const mesh = await join({ policy, identityDir: identity, drainTimeoutMs: 10, log: () => {} });
  const { port } = await listen(mesh, echoServer(), 0, { address: '127.0.0.1' });
  return port;
}
