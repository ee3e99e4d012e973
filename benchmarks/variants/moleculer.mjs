/** moleculer's call from one node to another, over its own TCP transporter. It has no mutual TLS: the row is plain text whatever the setting. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { peer } from '../harness/peers.mjs';

const NAME = 'moleculer, local to remote (plain text)';

export async function moleculerVariant({ path }, add, later) {
  const moleculer = await peer('moleculer');
  if (moleculer === null) return add(NAME, null);
  const ports = [await freePort(), await freePort()];
  const child = fork(fileURLToPath(import.meta.url), ports.map(String), { execArgv: [] });
  later(async () => {
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  });
  await once(child, 'message');
  const broker = brokerOf(moleculer, 'caller', ports);
  later(() => broker.stop());
  await broker.start();
  await broker.waitForServices('peer', 10_000);
  const bytes = path === '/small' ? 200 : 10_240;
  add(NAME, { call: () => broker.call('peer.get', { bytes }) });
}

function brokerOf({ default: { ServiceBroker } }, nodeID, [caller, callee]) {
  return new ServiceBroker({
    nodeID,
    logger: false,
    transporter: {
      type: 'TCP',
      options: {
        udpDiscovery: false,
        port: nodeID === 'caller' ? caller : callee,
        urls: [`127.0.0.1:${caller}/caller`, `127.0.0.1:${callee}/callee`],
      },
    },
    requestTimeout: 5000,
    retryPolicy: { enabled: true, retries: 2 },
    circuitBreaker: { enabled: true },
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const broker = brokerOf(await peer('moleculer'), 'callee', process.argv.slice(2).map(Number));
  const bodies = new Map([200, 10_240].map((bytes) => [bytes, 'x'.repeat(bytes)]));
  broker.createService({ name: 'peer', actions: { get: (context) => bodies.get(context.params.bytes) } });
  await broker.start();
  process.on('disconnect', () => process.exit());
  process.send('ready');
}
