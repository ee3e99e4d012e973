/**
 * Full load while endpoints come and go: does anything grow? Every few seconds the policy file lists other endpoints; heap after a forced
 * collection and the process's open resources are looked at in between. What counts is the slope after the warm-up.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EVERYTHING, policyYaml } from './harness/policy.mjs';
import { goal, main, row } from './harness/result.mjs';
import { startServers } from './harness/servers.mjs';
import { meshWith, policyFile } from './variants/mesh.mjs';

const SIZES = {
  mini: { seconds: 2, changeMs: 300, sampleMs: 250, concurrency: 8 },
  short: { seconds: 25, changeMs: 1_000, sampleMs: 500, concurrency: 32 },
  full: { seconds: 600, changeMs: 2_000, sampleMs: 2_000, concurrency: 32 },
};
/** Of the run: code is compiled, pools are filled. */
const WARM_UP = 0.3;

export async function run(size, progress) {
  const { seconds, changeMs, sampleMs, concurrency } = SIZES[size];
  if (globalThis.gc === undefined)
    progress('run node with --expose-gc: without it heaps are what they happen to be');
  const servers = await startServers();
  const closers = [];
  const world = { ...servers, tls: true };
  const policy = policyFile(servers.folder);
  const mesh = await meshWith(world, EVERYTHING, (close) => closers.push(close), policy);
  const url = 'http://peer.example/small';
  let running = true;
  let calls = 0;
  let changes = 0;
  const failures = new Map();
  const worker = async (index) => {
    while (running) {
      try {
        const text = await (index % 2 === 0
          ? mesh.request(url).then(({ body }) => body.text())
          : mesh.fetch(url).then((response) => response.text()));
        if (text.length !== 200) throw new Error(`${text.length} bytes`);
        calls += 1;
      } catch (error) {
        const key = error.code ?? error.message;
        failures.set(key, (failures.get(key) ?? 0) + 1);
      }
    }
  };
  const workers = Array.from({ length: concurrency }, (_, index) => worker(index));
  const changing = (async () => {
    while (running) {
      await pause(changeMs);
      changes += 1;
      const ports = servers.mtls.filter((_, index) => (index + changes) % 3 !== 0);
      // Nobody reads half a file.
      writeFileSync(`${policy}.new`, policyYaml({ ports, tls: true, ...EVERYTHING }));
      renameSync(`${policy}.new`, policy);
      // The next one comes when this one is in force: changes that follow each other at once are taken as one.
      const { revision } = mesh.status();
      while (running && mesh.status().revision === revision) await pause(20);
    }
  })();
  const samples = [];
  const began = performance.now();
  // A machine that is very busy gets the time that one change takes.
  const late = () => performance.now() - began > seconds * 1_000 + 60_000;
  const begun = () => calls > 0 && mesh.status().revision > 1;
  while (performance.now() - began < seconds * 1_000 || !(begun() || late())) {
    await pause(sampleMs);
    globalThis.gc?.();
    samples.push({
      minutes: (performance.now() - began) / 60_000,
      heap: process.memoryUsage().heapUsed / 1_000,
      handles: process.getActiveResourcesInfo().length,
    });
    if (samples.length % 10 === 0)
      progress(
        `${Math.round(samples.at(-1).minutes * 60)} s, ${calls} calls, heap ${Math.round(samples.at(-1).heap)} kB`,
      );
  }
  running = false;
  await Promise.all([changing, ...workers]);
  const { revision } = mesh.status();
  for (const close of closers) await close();
  await servers.close();

  const kept = samples.slice(Math.floor(samples.length * WARM_UP));
  const heap = slope(kept, ({ heap }) => heap);
  const handles = slope(kept, ({ handles }) => handles);
  const first = kept[0].heap;
  const minutes = kept.at(-1).minutes - kept[0].minutes;
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const long = size === 'full';
  return {
    title: 'Soak: full load while endpoints come and go',
    setting: `${seconds} s, ${concurrency} calls at a time, endpoints change every ${changeMs} ms; mesh.request and mesh.fetch in turn`,
    tables: [
      {
        title: 'After the warm-up',
        unit: 'as named',
        rows: [
          row('calls', { median: calls }),
          row('policies in force', { median: revision }),
          row(
            'calls failed',
            { median: failed },
            [...failures].map(([what, count]) => `${count} ${what}`).join(', '),
          ),
          row('heap after collection at first, kB', { median: first }),
          row('heap after collection at last, kB', { median: kept.at(-1).heap }),
          row('slope of the heap, kB a minute', { median: heap }),
          row('slope of open resources, a minute', { median: handles }),
        ],
      },
    ],
    series: [
      {
        title: 'Heap after collection, kB',
        points: samples.map(({ minutes, heap }) => [minutes * 60, heap]),
      },
    ],
    goals: [
      goal('calls that failed', failed, '≤', 0),
      goal(
        'growth of the heap after warm-up, share of it',
        long ? (heap * minutes) / first : null,
        '≤',
        0.05,
      ),
      goal('growth of open resources after warm-up', long ? handles * minutes : null, '≤', 10),
    ],
    notes: long ? [] : ['growth is judged in the full form only: node --expose-gc benchmarks/soak.mjs'],
  };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of the line through the points with the least squares, a minute. */
function slope(samples, of) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(samples.map(({ minutes }) => minutes));
  const y = mean(samples.map(of));
  const [top, bottom] = samples.reduce(
    ([above, below], sample) => [
      above + (sample.minutes - x) * (of(sample) - y),
      below + (sample.minutes - x) ** 2,
    ],
    [0, 0],
  );
  return bottom === 0 ? 0 : top / bottom;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main('soak', run);
