/**
 * More than a server can do: goodput (answers within a second of the instant at which their requests were due) and the latency of what is let
 * in, at half to three times capacity, with a handler that computes for 3 ms: bare `node:http` beside the mesh with an adaptive limit
 * and its defaults. Servers and callers are processes of their own; the servers take turns.
 *
 * Capacity is counted in CPU time, of which other processes may take some away but none can fake: an answer costs so much where callers
 * are few, and goodput is the part of the CPU time that the server was given which went into answers in time. Below capacity the server has
 * time to spare; there it is the part of the requests that was answered in time.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { goal, main, row } from './harness/result.mjs';
import { median, quantile, summary } from './harness/stats.mjs';

const DEADLINE_MS = 1_000;
const WORK_MS = 3;
const SIZES = {
  mini: { rounds: 1, factors: [0.5, 2], warmMs: 50, measureMs: 100, busyMs: 100 },
  short: { rounds: 1, factors: [0.5, 1, 2, 3], warmMs: 1_500, measureMs: 1_500, busyMs: 700 },
  full: { rounds: 3, factors: [0.5, 0.8, 1, 1.5, 2, 3], warmMs: 2_000, measureMs: 3_000, busyMs: 1_000 },
};
const BARE = 'bare node:http';
const MESH = 'mesh, adaptive limit';

export async function run(size, progress) {
  const { rounds, factors, busyMs, ...slice } = SIZES[size];
  const load = started('overload-load.mjs');
  const servers = new Map();
  try {
    for (const [name, kind] of [
      [BARE, 'bare'],
      [MESH, 'mesh'],
    ]) {
      const child = started('overload-server.mjs');
      child.send({ kind, workMs: WORK_MS });
      const [{ port }] = await once(child, 'message');
      servers.set(name, { child, port });
    }
    // The adaptive limit begins with a measurement, and code is compiled.
    for (const { port } of servers.values()) await asked(load, 'busy', { port, ms: busyMs });
    const found = new Map();
    const costs = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const factor of round % 2 === 0 ? factors : [...factors].reverse()) {
        for (const name of round % 2 === 0 ? [BARE, MESH] : [MESH, BARE]) {
          const bare = servers.get(BARE);
          const before = await cpuOf(bare.child);
          const answers = await asked(load, 'busy', { port: bare.port, ms: busyMs });
          // Where the machine stands still nobody is served, and a miniature goes on all the same.
          const cost = Math.max(1, ((await cpuOf(bare.child)) - before) / Math.max(1, answers));
          costs.push(cost);
          const { port, child } = servers.get(name);
          const spent = [];
          const given = { port, rate: (1e6 / cost) * factor, deadlineMs: DEADLINE_MS, ...slice };
          const result = await asked(load, 'slice', given, () => spent.push(cpuOf(child)));
          const [from = 0, to = 0] = await Promise.all(spent);
          await asked(load, 'idle', { port });
          const key = `${name} ${factor}`;
          if (!found.has(key)) found.set(key, []);
          found.get(key).push({ ...result, factor, share: (result.good * cost) / Math.max(1, to - from) });
          progress(`${name}, ${factor} times capacity: ${words(result)}`);
        }
      }
    }
    return report({ found, factors, costs, rounds });
  } finally {
    for (const { child } of servers.values()) await ended(child);
    await ended(load);
  }
}

function report({ found, factors, costs, rounds }) {
  const rowsOf = (value) =>
    factors.flatMap((factor) =>
      [MESH, BARE].flatMap((name) => {
        const values = found
          .get(`${name} ${factor}`)
          .map(value)
          .filter((one) => one !== null);
        const label = `${name}, ${factor} times capacity`;
        return values.length === 0
          ? []
          : [row(label, rounds === 1 ? { median: values[0] } : summary(values))];
      }),
    );
  const goodputs = (name) =>
    factors.map((factor) => [factor, median(found.get(`${name} ${factor}`).map(goodput))]);
  const at = (name, factor) => goodputs(name).find(([one]) => one === factor)[1];
  const peak = Math.max(...goodputs(MESH).map(([, value]) => value));
  const bare = at(BARE, 2) / Math.max(...goodputs(BARE).map(([, value]) => value));
  const p99s = found
    .get(`${MESH} 2`)
    .map(latency(0.99))
    .filter((one) => one !== null);
  return {
    title: 'More than the server can do',
    setting: `a handler that computes for ${WORK_MS} ms; an answer costs ${(median(costs) / 1_000).toFixed(2)} ms of CPU time; callers that give up after ${DEADLINE_MS} ms`,
    tables: [
      {
        title: `Goodput: answers within ${DEADLINE_MS} ms`,
        unit: '% of capacity',
        rows: rowsOf(goodput),
      },
      { title: 'Latency of what was answered in time, median', unit: 'ms', rows: rowsOf(latency(0.5)) },
      { title: 'Latency of what was answered in time, p99', unit: 'ms', rows: rowsOf(latency(0.99)) },
      {
        title: 'Refused at once',
        unit: '% of requests',
        rows: rowsOf(({ refused, due }) => (100 * refused) / Math.max(1, due)),
      },
    ],
    series: [
      {
        title: 'Goodput by load, % of capacity',
        unit: '× capacity',
        lines: [
          { name: MESH, points: goodputs(MESH) },
          { name: BARE, points: goodputs(BARE) },
        ],
      },
    ],
    goals: [
      goal('goodput at twice the capacity, of the peak', (100 * at(MESH, 2)) / peak, '≥', 80, 90, ' %'),
      goal(
        'p99 of what is let in at twice the capacity',
        p99s.length === 0 ? null : median(p99s),
        '≤',
        250,
        150,
        ' ms',
      ),
    ],
    notes: Number.isFinite(bare)
      ? [`Without protection ${Math.round(100 * bare)} % of the peak are left at twice the capacity.`]
      : [],
  };
}

const goodput = ({ factor, due, good, share }) =>
  100 * (factor < 1 ? (factor * good) / Math.max(1, due) : share);
const latency =
  (share) =>
  ({ latencies }) =>
    latencies.length === 0 ? null : quantile(latencies, share);

function words(result) {
  const { due, good, refused, late, failed, latencies } = result;
  const p99 = latencies.length === 0 ? '–' : `${Math.round(quantile(latencies, 0.99))} ms`;
  return `${due} due, ${good} good (p99 ${p99}), ${refused} refused, ${late} late, ${failed} failed`;
}

function started(file) {
  return fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function ended(child) {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.disconnect();
  await gone;
}

/** Microseconds. */
async function cpuOf(child) {
  child.send('usage');
  const [{ cpu }] = await once(child, 'message');
  return cpu.user + cpu.system;
}

let asks = 0;
/** @param marked is called when the time that is measured begins, and when it ends */
async function asked(child, what, given, marked) {
  asks += 1;
  const id = asks;
  child.send({ id, what, ...given });
  for (;;) {
    const [message] = await once(child, 'message');
    if (message.id !== id) continue;
    if (message.mark === undefined) return message.result;
    marked();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('overload', run);
