/**
 * What a new connection with mutual TLS costs the process that opens it: one request over it, and it is closed again. Ours has its
 * certificates read into a context once and resumes the session of an earlier connection; undici's has its default options (`ca`,
 * `cert`, `key`), with a client of its own each time, and as connections of one pool.
 */
import { fileURLToPath } from 'node:url';
import { newDestination } from '@heddle/testkit';
import { systemClock } from 'heddle/ports';
import { Client, Pool } from 'undici';
import { goal, main, row } from './harness/result.mjs';
import { countsOf, startServers } from './harness/servers.mjs';
import { compare } from './harness/slices.mjs';
import { pairedRatio, summary } from './harness/stats.mjs';

const SIZES = {
  mini: { rounds: 2, warm: 1, sliceMs: 5, concurrency: 2 },
  short: { rounds: 9, warm: 4, sliceMs: 150, concurrency: 4 },
  full: { rounds: 41, warm: 6, sliceMs: 250, concurrency: 4 },
};
const ID = 'spiffe://cluster.local/ns/default/sa/peer';

export async function run(size, progress) {
  const servers = await startServers({ listeners: 1 });
  const closers = [];
  try {
    const [port] = servers.mtls;
    const origin = `https://127.0.0.1:${port}`;
    const options = { ...servers.pem, servername: 'peer', checkServerIdentity: () => undefined };
    const ours = await ourConnector(servers, port, closers);
    const once = async (dispatcher) =>
      (await dispatcher.request({ path: '/small', method: 'GET', reset: true })).body.text();
    const clientOf = (connect, to) => async () => {
      const client = new Client(to, { connect });
      const text = await once(client);
      await client.close();
      return text;
    };
    const poolOf = (connect, to) => {
      const pool = new Pool(to, { connect, connections: null });
      closers.push(() => pool.destroy());
      return () => once(pool);
    };
    const plainOrigin = `http://127.0.0.1:${port}`;
    const costs = await compare(
      {
        'undici, a client each': { call: clientOf(options, origin) },
        'ours, a client each': { call: clientOf(ours, plainOrigin) },
        'undici, one pool': { call: poolOf(options, origin) },
        'ours, one pool': { call: poolOf(ours, plainOrigin) },
      },
      { ...SIZES[size], progress },
    );
    // What was measured must have been what it is called.
    const before = await countsOf(servers);
    const again = clientOf(ours, plainOrigin);
    for (let left = 10; left > 0; left -= 1) await again();
    const after = await countsOf(servers);
    const resumed = after.resumed - before.resumed;
    const ratio = (one, other) => pairedRatio(costs[one], costs[other]);
    const clients = ratio('ours, a client each', 'undici, a client each');
    return {
      title: 'A new connection with mutual TLS',
      setting: `TLS 1.3, P-256; one request over each; ${SIZES[size].rounds} rounds, ${SIZES[size].concurrency} at a time`,
      tables: [
        {
          title: 'Connection, request and close',
          unit: 'CPU µs of the client, a connection',
          rows: Object.entries(costs).map(([name, list]) => row(name, summary(list))),
        },
        {
          title: 'Ratios, round by round',
          unit: 'one over the other',
          rows: [
            row('ours over undici, a client each', clients),
            row('ours over undici, one pool', ratio('ours, one pool', 'undici, one pool')),
            row('of ten connections of ours, resumed', { median: resumed }),
          ],
        },
      ],
      goals: [
        goal('new connection over undici with its default options', clients.median, '≤', 0.6),
        goal('of ten connections, sessions resumed', resumed, '≥', 10),
      ],
    };
  } finally {
    for (const close of closers) await close();
    await servers.close();
  }
}

/** undici's `connect` as the mesh makes it. */
async function ourConnector({ source }, port, closers) {
  const dist = new URL('../dist/', import.meta.url);
  const [{ connectorFor }, { TlsContexts }] = await Promise.all([
    import(new URL('adapters/undici/connect.js', dist).href),
    import(new URL('security/tls/contexts.js', dist).href),
  ]);
  const contexts = new TlsContexts(source, {});
  closers.push(() => contexts.close());
  const tls = { mode: 'mesh', sni: 'peer', subjectAltNames: [ID] };
  const destination = newDestination({ address: '127.0.0.1', port, tls });
  return connectorFor(contexts, systemClock)(destination);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('connection', run);
