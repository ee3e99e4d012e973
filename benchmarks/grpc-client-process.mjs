/** One process of `grpc.mjs` that calls: makes the clients that are compared, measures them, and tells its parent. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { join as joinPath } from 'node:path';
import { join } from 'heddle';
import { BLOCK, bareClient, callsOf, Echo, grpc, MESSAGES } from './harness/grpc.mjs';
import { openTelemetry } from './harness/otel.mjs';
import { EVERYTHING, policyYaml } from './harness/policy.mjs';
import { compare } from './harness/slices.mjs';

const [options] = await once(process, 'message');
const { names, kind, ports, pem, identity, folder } = options;
const telemetry = names.some((name) => name.startsWith('mesh')) ? await openTelemetry() : null;
const closers = [];
const makers = {
  mesh: () => meshed(ports.slice(0, 1)),
  'mesh, no telemetry': () => meshed(ports.slice(0, 1), {}),
  'mesh, 10 endpoints': () => meshed(ports),
  'grpc-js': () => bare(ports.slice(0, 1)),
  'grpc-js, again': () => bare(ports.slice(0, 1), { 'grpc.use_local_subchannel_pool': 1 }),
  'grpc-js, 10 endpoints': () =>
    bare(ports, {
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    }),
  'node:http2': () => raw(ports[0]),
};
const variants = {};
for (const name of names) variants[name] = await makers[name]();

// What a variant answers is looked at once: a benchmark of failures would be fast.
const blocks = kind === 'unary' || kind === 'upload' ? 1 : MESSAGES;
for (const [name, { call, enable, disable }] of Object.entries(variants)) {
  enable?.();
  const bytes = await call();
  disable?.();
  if (bytes !== blocks * BLOCK.payload.length) throw new Error(`${name} answered ${bytes} bytes`);
}
const costs = await compare(variants, {
  ...options,
  progress: (progress) => process.send({ progress }),
});
process.send({ costs }, () => process.disconnect());
for (const close of closers.reverse()) await close();
await telemetry?.close();
process.exit();

function bare([first, ...more], given = {}) {
  const target =
    more.length === 0
      ? `127.0.0.1:${first}`
      : `ipv4:${[first, ...more].map((port) => `127.0.0.1:${port}`).join(',')}`;
  const client = bareClient(target, pem, given);
  closers.push(() => client.close());
  return { call: callsOf(client)[kind] };
}

/** Everything on, over as many endpoints as there are ports. */
async function meshed(endpoints, watched = telemetry?.all ?? {}) {
  const { clientOptions } = await import('@heddle/grpc');
  const policy = joinPath(folder, `client-${process.pid}-${closers.length}.yaml`);
  writeFileSync(policy, policyYaml({ ports: endpoints, tls: true, protocol: 'GRPC', ...EVERYTHING }));
  const mesh = await join({ policy, identityDir: identity, drainTimeoutMs: 100, log: () => {} });
  const client = new Echo('peer.example:80', grpc.credentials.createInsecure(), clientOptions(mesh));
  closers.push(async () => {
    client.close();
    await mesh.close();
  });
  return { ...watched, call: callsOf(client)[kind] };
}

/** As little as a unary call can cost in Node: the frames, and nobody who understands them. */
function raw(port) {
  const session = connect(`https://127.0.0.1:${port}`, {
    ...pem,
    servername: 'peer',
    checkServerIdentity: () => undefined,
    settings: { enablePush: false },
  });
  closers.push(() => session.destroy());
  const message = Echo.service.Unary.requestSerialize(BLOCK);
  const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const head = {
    ':method': 'POST',
    ':path': '/bench.Echo/Unary',
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const call = () =>
    new Promise((resolve, reject) => {
      const stream = session.request(head);
      let bytes = 0;
      let status;
      stream.on('data', (chunk) => {
        bytes += chunk.length;
      });
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('end', () => {
        if (status === '0') resolve(bytes === framed.length ? BLOCK.payload.length : bytes);
        else reject(new Error(`status ${status}`));
      });
      stream.on('error', reject);
      stream.end(framed);
    });
  return { call };
}
