/**
 * `npm run bench`: every benchmark in its short form, one after the other, each in a process of its own; `npm run bench -- NAME …`: those
 * in full. Writes JSON, a page and plots into `benchmarks/results/`, and says of each goal whether it was met.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from './harness/machine.mjs';
import { fromDecisions, fromIssue, fromPolicyScale, fromTelemetryOff } from './harness/older.mjs';
import { writeReport } from './harness/report.mjs';
import { asText, goalLine } from './harness/result.mjs';

/** In the order in which they run. @type {Record<string, { what: string, file: string, args?: object, read?: Function }>} */
const BENCHMARKS = {
  'client-call': { what: 'a call out beside what one would use instead', file: 'client-call.mjs' },
  'http2-call': { what: 'a call over HTTP/2 beside node:http2 as it is', file: 'http2-call.mjs' },
  grpc: { what: 'gRPC calls and streams beside grpc-js as it is', file: 'grpc.mjs' },
  pipeline: { what: 'what the mesh itself does for a call: instructions, nanoseconds', file: 'pipeline.mjs' },
  connection: { what: 'a new connection with mutual TLS', file: 'connection.mjs' },
  server: { what: 'a call in beside bare servers', file: 'server.mjs' },
  overload: {
    what: 'a server with more to do than it can, with and without protection',
    file: 'overload.mjs',
  },
  abort: { what: 'calls given up at random points: is anything left?', file: 'abort.mjs' },
  soak: { what: 'full load while endpoints come and go: does anything grow?', file: 'soak.mjs' },
  issue: {
    what: 'certificates issued a second',
    file: 'issue.mjs',
    args: { mini: ['--quick'], short: [], full: [] },
    read: fromIssue,
  },
  decide: {
    what: 'routing and authorization decisions',
    file: 'decide.mjs',
    args: { mini: ['--quick'], short: [], full: ['--instructions'] },
    read: fromDecisions,
  },
  'policy-scale': {
    what: 'policy as a mesh grows to 10 000 services',
    file: 'policy-scale.mjs',
    args: { mini: ['--max', '10'], short: ['--max', '1000'], full: [] },
    read: fromPolicyScale,
  },
  'telemetry-off': {
    what: 'telemetry while nobody collects it',
    file: 'telemetry-off.mjs',
    args: { mini: ['--quick'], short: [], full: [] },
    read: fromTelemetryOff,
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('results/', import.meta.url)) },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const size = values.size ?? (positionals.length === 0 ? 'short' : 'full');
const unknown = positionals.filter((name) => BENCHMARKS[name] === undefined);
if (values.help || unknown.length > 0 || !['mini', 'short', 'full'].includes(size)) {
  for (const name of unknown) console.error(`There is no benchmark "${name}".`);
  console.log(help());
  process.exitCode = values.help ? 0 : 2;
} else await runAll(positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals);

function help() {
  const width = Math.max(...Object.keys(BENCHMARKS).map((name) => name.length));
  return [
    'usage: npm run bench [-- [NAME …] [--size mini|short|full] [--out FOLDER]]',
    '',
    'Without names: all of them in short, some twenty minutes. With names: those in full.',
    '',
    ...Object.entries(BENCHMARKS).map(([name, { what }]) => `  ${name.padEnd(width)}  ${what}`),
    '',
    'Progress goes to stderr, results to stdout and to benchmarks/results/. A machine that does nothing else gives the steadiest numbers.',
  ].join('\n');
}

async function runAll(names) {
  const began = Date.now();
  const about = machine();
  const results = [];
  for (const name of names) {
    process.stderr.write(`${name}: ${BENCHMARKS[name].what} (${size})\n`);
    const result = await runOne(name);
    results.push(result);
    console.log(result.error === undefined ? `\n${asText(result)}` : `\n${name} FAILED: ${result.error}`);
  }
  const page = writeReport(values.out, {
    when: new Date(began).toISOString(),
    size,
    machine: about,
    results,
  });
  console.log(`\nGoals (Node ${about.node}, ${about.cpu}, ${about.system}, load ${about.load.toFixed(1)})`);
  for (const { goals } of results) for (const one of goals) console.log(`  ${goalLine(one)}`);
  console.log(`\n${((Date.now() - began) / 1_000).toFixed(0)} s; written to ${page}`);
  if (results.some(({ error }) => error !== undefined)) process.exitCode = 1;
}

async function runOne(name) {
  const { file, args, read } = BENCHMARKS[name];
  const script = fileURLToPath(new URL(file, import.meta.url));
  const given = args === undefined ? ['--size', size, '--json'] : [...args[size], '--json'];
  const child = spawn(process.execPath, ['--expose-gc', script, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  try {
    if (code !== 0) throw new Error(`it ended with ${code}`);
    const result = JSON.parse(text);
    return read === undefined ? result : { name, size, goals: [], notes: [], ...read(result) };
  } catch (error) {
    return { name, title: name, error: error.message, tables: [], goals: [], notes: [] };
  }
}
