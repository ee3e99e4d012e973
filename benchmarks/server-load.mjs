/** The callers of `server.mjs`: a pool of connections to each port, and as many requests over it as asked for. */
import { once } from 'node:events';
import { Pool } from 'undici';

const [{ pem, ports, connections }] = await once(process, 'message');
const connect = { ...pem, servername: 'peer', checkServerIdentity: () => undefined };
const pools = new Map();
for (const [name, port] of Object.entries(ports))
  pools.set(name, new Pool(`https://127.0.0.1:${port}`, { connections, pipelining: 1, connect }));

process.on('message', async ({ name, requests }) => {
  process.send({ done: requests, error: await slice(pools.get(name), requests) });
});
process.on('disconnect', () => process.exit());
process.send({});

async function slice(pool, requests) {
  let left = requests;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pool.request({ path: '/api/items/1', method: 'GET' });
      const text = await body.text();
      if (statusCode !== 200 || text.length !== 200)
        throw new Error(`${statusCode} with ${text.length} bytes`);
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, caller));
    return null;
  } catch (error) {
    return error.message;
  }
}
