/**
 * What telemetry costs a call and an exchange while no OpenTelemetry SDK is registered, in nanoseconds: request id, carrying
 * trace context on, and finding out that nobody records. Run after a build: `node benchmarks/telemetry-off.mjs [--quick] [--json]`.
 */
import { openTelemetry } from '../dist/observability/index.js';
import { Attempt, Call, Exchange } from '../dist/ports/index.js';

const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 1_000 : 300_000;
const REPEATS = quick ? 2 : 7;
const clock = { now: () => 0, wallNow: () => 0, after: () => ({ cancel() {} }) };
const random = { next: () => Math.random() };
const workload = { namespace: 'default', serviceAccount: 'a', service: 'a', name: 'a-1', labels: {} };
let ambient;
const telemetry = openTelemetry({ clock, random, workload, ambient: () => ambient });
const outcome = { kind: 'cancelled', cause: undefined };
const endpoint = { destination: {}, endpoint: {} };
const fields = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=1',
  baggage: 'tenant=blue',
  'x-request-id': '7f2c9a4e-1111-4222-8333-444455556666',
};

function newCall() {
  const headers = { accept: '*/*' };
  return new Call({ method: 'GET', scheme: 'http', authority: 'b', path: '/', headers, body: null }, 0);
}

function newExchange(headers) {
  const peer = { id: null, address: '::1', sni: null };
  return new Exchange({ method: 'GET', scheme: 'http', authority: 'a', path: '/', headers, peer }, 0, 0);
}

function bareCall() {
  const call = newCall();
  return new Attempt(call, 1, endpoint, 0);
}

function watchedCall() {
  const call = newCall();
  telemetry.call.admit(call);
  const attempt = new Attempt(call, 1, endpoint, 0);
  telemetry.attempt.admit(attempt);
  telemetry.attempt.settle(attempt, outcome);
  telemetry.attempt.release(attempt);
  telemetry.call.settle(call, outcome);
  telemetry.call.release(call);
  return attempt;
}

function watchedExchange() {
  const exchange = newExchange(fields);
  telemetry.exchangeStarted(exchange);
  telemetry.run(exchange, () => 0);
  telemetry.exchangeEnded(exchange);
  return exchange;
}

/** Median of the repeats; the first one warms up and is not counted. */
function nanoseconds(work) {
  const times = [];
  let kept;
  for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
    const start = process.hrtime.bigint();
    for (let round = 0; round < ROUNDS; round += 1) kept = work();
    if (repeat > 0) times.push(Number(process.hrtime.bigint() - start) / ROUNDS);
  }
  if (kept === undefined) throw new Error('the work must return what it made');
  return times.sort((a, b) => a - b)[REPEATS >> 1];
}

const rows = {
  'call alone (no telemetry)': nanoseconds(bareCall),
  'call outside any exchange': nanoseconds(watchedCall),
};
ambient = newExchange(fields);
telemetry.exchangeStarted(ambient);
rows['call while serving a traced exchange'] = nanoseconds(watchedCall);
rows['exchange alone (no telemetry)'] = nanoseconds(() => newExchange(fields));
rows['exchange that carries a trace'] = nanoseconds(watchedExchange);
if (process.argv.includes('--json')) console.log(JSON.stringify(rows));
else
  for (const [what, ns] of Object.entries(rows))
    console.log(`${what.padEnd(40)} ${ns.toFixed(0).padStart(6)} ns`);
