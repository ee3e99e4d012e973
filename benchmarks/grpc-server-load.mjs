/** The callers of the servers of `grpc.mjs`: bare clients, a connection each, and as many calls over them as asked for. */
import { once } from 'node:events';
import { bareClient, callsOf } from './harness/grpc.mjs';

const [{ pem, ports, connections, concurrency }] = await once(process, 'message');
const clients = new Map();
for (const [name, port] of Object.entries(ports))
  clients.set(
    name,
    Array.from({ length: connections }, () =>
      // Without a pool of their own they would share one connection.
      callsOf(bareClient(`127.0.0.1:${port}`, pem, { 'grpc.use_local_subchannel_pool': 1 })),
    ),
  );

process.on('message', async ({ name, kind, calls }) => {
  process.send({ error: await slice(clients.get(name), { kind, calls }) });
});
process.on('disconnect', () => process.exit());
process.send({});

async function slice(of, { kind, calls }) {
  let left = calls;
  const caller = async (_, index) => {
    const call = of[index % of.length][kind];
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, caller));
    return null;
  } catch (error) {
    return error.message;
  }
}
