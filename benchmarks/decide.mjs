/**
 * What decisions cost: routing over 20 rules, connections over 20 rules, authorization over 100 rules, and all that policy decides about
 * one call at both ends. Nanoseconds (median of rounds that take turns, and where nine tenths of them lie) and bytes of heap that
 * one decision leaves behind. Run after a build: `node benchmarks/decide.mjs [--quick] [--instructions] [--json] [--dist FOLDER]`.
 * `--instructions` counts instructions with valgrind, which takes a minute or two; where there is none it says so.
 */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { decisionCases } from './decide-cases.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    instructions: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    dist: { type: 'string', default: '' },
    /** For the process that valgrind watches. */
    only: { type: 'string' },
    times: { type: 'string' },
  },
});
const DIST = options.dist === '' ? new URL('../dist/', import.meta.url) : pathToFileURL(`${options.dist}/`);
const ROUNDS = options.quick ? 3 : 31;
const PER_ROUND = options.quick ? 200 : 20_000;
/** So few that what they leave behind fits into the young generation: a collection would hide it. */
const MEASURED = options.quick ? 20_000 : 100_000;
const TRIES = options.quick ? 6 : 3;
const FLAGS = ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'];

if (options.only !== undefined) await runOnly();
else if (globalThis.gc === undefined) rerun();
else await measure();

/** Once more, with the collector at hand. */
function rerun() {
  const run = spawnSync(process.execPath, [...FLAGS, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
}

async function measure() {
  const cases = await decisionCases(DIST);
  const names = Object.keys(cases);
  for (let warm = 0; warm < (options.quick ? 1 : 10); warm += 1)
    for (const name of names) cases[name](PER_ROUND);
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const start = process.hrtime.bigint();
      cases[name](PER_ROUND);
      rounds[name].push(Number(process.hrtime.bigint() - start) / PER_ROUND);
    }
  const results = names.map((name) => {
    const sorted = rounds[name].sort((one, other) => one - other);
    const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
    const [least, most] = heapPerCall(cases[name]);
    return {
      name,
      ns: at(0.5),
      from: at(0.05),
      to: at(0.95),
      bytes: most,
      least,
      instructions: instructionsOf(name),
    };
  });
  if (results.some(({ name, instructions }) => counted(name) && instructions === null))
    console.error('valgrind is not there, or could not run node: instructions are not counted');
  if (options.json) console.log(JSON.stringify(results));
  else print(results);
}

/** The least and the most of several tries: a collection in between makes it less, the compiler at work makes it more. */
function heapPerCall(run) {
  const tries = [];
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    run(MEASURED);
    tries.push(Math.max(0, (process.memoryUsage().heapUsed - before) / MEASURED));
  }
  return [Math.min(...tries), Math.max(...tries)];
}

function print(results) {
  console.log(`Node ${process.version}, ${ROUNDS} rounds of ${PER_ROUND} decisions`);
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, ns, from, to, bytes, instructions } of results) {
    const counted = instructions === null ? '' : `  ${instructions.toFixed(0).padStart(6)} instructions`;
    console.log(
      `${name.padEnd(width)}  ${ns.toFixed(0).padStart(6)} ns  (${from.toFixed(0)} to ${to.toFixed(0)})  ${bytes.toFixed(1).padStart(6)} B${counted}`,
    );
  }
}

/** Counting takes half a minute for each: all of a call is what counts. */
function counted(name) {
  return options.instructions && name.startsWith('a whole call');
}

/** What twice as many decisions take more: the start of the process and the compiler are in both. null: not counted. */
function instructionsOf(name) {
  if (!counted(name)) return null;
  const few = options.quick ? 10_000 : 100_000;
  const counts = [few, 2 * few].map((times) => countInstructions(name, times));
  return counts.includes(null) ? null : (counts[1] - counts[0]) / few;
}

function countInstructions(name, times) {
  const tool = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null'];
  // The engine writes code while it runs, on one thread so that two runs are alike.
  const node = ['--smc-check=all-non-file', process.execPath, '--single-threaded', process.argv[1]];
  const only = ['--only', name, '--times', String(times), ...(options.dist ? ['--dist', options.dist] : [])];
  const run = spawnSync('valgrind', [...tool, ...node, ...only], { encoding: 'utf8' });
  if (run.error !== undefined) return null;
  const found = /I\s+refs:\s+([\d,]+)/.exec(run.stderr);
  return found === null ? null : Number(found[1].replaceAll(',', ''));
}

async function runOnly() {
  const cases = await decisionCases(DIST);
  cases[options.only](Number(options.times));
}
