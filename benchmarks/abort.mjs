/**
 * Calls given up at random points: before they are sent, while connecting, before the head, within the body. Afterwards nothing may be
 * left: no call in flight, no connection beyond the pools', no rejection that nobody took.
 */
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { EVERYTHING } from './harness/policy.mjs';
import { goal, main, row } from './harness/result.mjs';
import { countsOf, startServers } from './harness/servers.mjs';
import { meshWith } from './variants/mesh.mjs';

const SIZES = {
  mini: { calls: 300, concurrency: 16 },
  short: { calls: 10_000, concurrency: 64 },
  full: { calls: 100_000, concurrency: 64 },
};

export async function run(size, progress) {
  const { calls, concurrency } = SIZES[size];
  let unhandled = 0;
  const onUnhandled = () => {
    unhandled += 1;
  };
  process.on('unhandledRejection', onUnhandled);
  const servers = await startServers();
  const closers = [];
  const mesh = await meshWith({ ...servers, tls: true }, EVERYTHING, (close) => closers.push(close));
  const ended = new Map();
  const count = (what) => ended.set(what, (ended.get(what) ?? 0) + 1);
  let left = calls;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      if (left % 5_000 === 0) progress(`${calls - left} of ${calls} calls`);
      count(await abortedCall(mesh, left));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const held = await settled(() => inFlight(mesh));
  for (const close of closers) await close();
  const open = await settled(async () => (await countsOf(servers)).open);
  const { connections } = await countsOf(servers);
  await servers.close();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onUnhandled);
  return {
    title: 'Calls given up at random points',
    setting: `${calls} calls, ${concurrency} at a time, over mutual TLS; mesh.request, mesh.fetch and mesh.dispatcher in turn`,
    tables: [
      {
        title: 'How the calls ended',
        unit: 'calls',
        rows: [...ended].sort().map(([what, median]) => row(what, { median })),
      },
      {
        title: 'What is left',
        unit: 'as named',
        rows: [
          row('connections opened in all', { median: connections }),
          row('calls in flight', { median: held }),
          row('connections open after the mesh was closed', { median: open }),
          row('rejections that nobody took', { median: unhandled }),
        ],
      },
    ],
    goals: [
      goal('calls in flight at the end', held, '≤', 0),
      goal('connections open after the mesh was closed', open, '≤', 0),
      goal('rejections that nobody took', unhandled, '≤', 0),
      goal('calls that ended in another way than completed or aborted', others(ended), '≤', 0),
    ],
  };
}

/** @returns how it ended: `completed`, `aborted`, or the error's code */
async function abortedCall(mesh, number) {
  const controller = new AbortController();
  const { signal } = controller;
  // The slow answer's head comes after some 2 ms and its end after some 4.
  const url = `http://peer.example${number % 2 === 0 ? '/slow' : '/small'}`;
  const point = Math.random();
  let timer;
  if (point < 0.1) controller.abort();
  else if (point < 0.3) queueMicrotask(() => controller.abort());
  else if (point < 0.5) setImmediate(() => controller.abort());
  else if (point < 0.95) timer = setTimeout(() => controller.abort(), Math.random() * 7);
  try {
    await SURFACES[number % SURFACES.length](mesh, url, signal);
    return 'completed';
  } catch (error) {
    return error?.name === 'AbortError' ? 'aborted' : (error?.code ?? error?.name ?? 'no error');
  } finally {
    clearTimeout(timer);
  }
}

const SURFACES = [
  async (mesh, url, signal) => (await mesh.request(url, { signal })).body.text(),
  async (mesh, url, signal) => (await mesh.fetch(url, { signal })).text(),
  async (mesh, url, signal) => (await request(url, { dispatcher: mesh.dispatcher, signal })).body.text(),
];

function inFlight(mesh) {
  return mesh
    .status()
    .clusters.reduce(
      (sum, { active, retriesOutstanding, endpoints }) =>
        sum + active + retriesOutstanding + endpoints.reduce((all, one) => all + one.inFlight, 0),
      0,
    );
}

function others(ended) {
  let sum = 0;
  for (const [what, count] of ended) if (what !== 'completed' && what !== 'aborted') sum += count;
  return sum;
}

/** The number once it is 0, or what it is after five seconds. */
async function settled(look) {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await look()) === 0) return 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return look();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('abort', run);
