/**
 * The pipeline alone: what the mesh does for a call between the surface and the wire, over a wire that answers at once. Routing over 20
 * rules, least request over 10 endpoints, outlier detection, limits, retries armed, a deadline. Then the same with `mesh.request` on top,
 * which reads a URL and hands over a body, and with metrics and spans. Instructions are counted by valgrind, whose counts repeat to a fraction of a percent; nanoseconds are
 * CPU time.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openTelemetry } from './harness/otel.mjs';
import { installPeers } from './harness/peers.mjs';
import { goal, main, row } from './harness/result.mjs';
import { summary } from './harness/stats.mjs';
import { memoryCalls } from './variants/in-memory.mjs';

const SIZES = {
  mini: { rounds: 2, times: 200, counted: null },
  short: { rounds: 15, times: 20_000, counted: 10_000 },
  full: { rounds: 41, times: 20_000, counted: 40_000 },
};
/** On a busy machine it may take minutes: then it is skipped, and said so. */
const COUNTING_MS = 180_000;
/** One thread, no randomness: two runs are alike. */
const STEADY = ['--predictable', '--single-threaded', '--random-seed=1', '--hash-seed=1'];
export async function run(size, progress) {
  const { rounds, times, counted } = SIZES[size];
  installPeers(progress);
  const telemetry = await openTelemetry();
  const { pipeline, request } = await memoryCalls();
  const variants = [
    { name: 'the pipeline', call: pipeline },
    { name: 'mesh.request over it', call: request },
    { name: '+ metrics', call: request, ...telemetry?.metrics, missing: telemetry === null },
    {
      name: '+ metrics, kept by the SDK',
      call: request,
      ...telemetry?.metricsOfSdk,
      missing: telemetry === null,
    },
    { name: '+ metrics, spans on 1 %', call: request, ...telemetry?.all, missing: telemetry === null },
  ].filter(({ missing }) => missing !== true);
  const costs = variants.map(() => []);
  for (let round = -3; round < rounds; round += 1) {
    progress(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
    for (const [index, { call, enable, disable }] of variants.entries()) {
      enable?.();
      const before = process.cpuUsage();
      for (let left = times; left > 0; left -= 1) await call();
      const { user, system } = process.cpuUsage(before);
      disable?.();
      if (round >= 0) costs[index].push(((user + system) * 1000) / times);
    }
  }
  const bytes = [];
  for (const { call, enable, disable } of variants) {
    enable?.();
    bytes.push(await heapPerCall(call));
    disable?.();
  }
  await telemetry?.close();
  const notes = telemetry === null ? ['SKIPPED with metrics, spans: the peers are not installed'] : [];
  const instructions = counted === null ? null : await instructionsPerCall(counted, progress);
  if (instructions === null)
    notes.push(
      'SKIPPED instructions: valgrind is not there, could not run node or took too long, or the run is a miniature',
    );
  const table = costs.map((list, index) => row(variants[index].name, summary(list)));
  const heap = bytes.flatMap((value, index) =>
    value === null ? [] : [row(variants[index].name, { median: value })],
  );
  return {
    title: 'The pipeline alone',
    setting: `${rounds} rounds of ${times} calls over a wire that answers at once`,
    tables: [
      { title: 'CPU time', unit: 'ns a call', rows: table },
      { title: 'Heap that a call leaves to the collector', unit: 'bytes a call', rows: heap },
      ...(instructions === null
        ? []
        : [{ title: 'Instructions', unit: 'a call', rows: [row('the pipeline', { median: instructions })] }]),
    ],
    goals: [
      goal('pipeline, instructions a call', instructions, '≤', 10_000, 7_000),
      goal('pipeline, CPU time a call', summary(costs[0]).median, '≤', 1_000, 700, ' ns'),
    ],
    notes,
  };
}

/** So few calls that what they leave behind fits into the young generation. */
async function heapPerCall(call) {
  if (globalThis.gc === undefined) return null;
  const found = [];
  for (let attempt = 0; attempt < 5; attempt += 1) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    for (let left = 1_000; left > 0; left -= 1) await call();
    found.push((process.memoryUsage().heapUsed - before) / 1_000);
  }
  // A collection in between makes it less.
  return Math.max(0, ...found);
}

/** What more calls take more: the start of the process is in both. null: it cannot be counted. */
async function instructionsPerCall(times, progress) {
  const counts = [];
  for (const many of [times, 3 * times]) {
    progress(`counting the instructions of ${many} calls`);
    counts.push(countInstructions(many));
  }
  return counts.includes(null) ? null : (counts[1] - counts[0]) / (2 * times);
}

function countInstructions(times) {
  const counter = [
    ...['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null'],
    '--smc-check=all-non-file', // the engine writes code while it runs
  ];
  const script = fileURLToPath(import.meta.url);
  const run = spawnSync(
    'valgrind',
    [...counter, process.execPath, ...STEADY, script, '--only', String(times)],
    {
      encoding: 'utf8',
      timeout: COUNTING_MS,
    },
  );
  if (run.error !== undefined || run.status !== 0) return null;
  const found = /I\s+refs:\s+([\d,]+)/.exec(run.stderr);
  return found === null ? null : Number(found[1].replaceAll(',', ''));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { only: { type: 'string' } }, strict: false });
  if (values.only === undefined) await main('pipeline', run);
  else {
    const { pipeline } = await memoryCalls();
    for (let left = Number(values.only); left > 0; left -= 1) await pipeline();
  }
}
