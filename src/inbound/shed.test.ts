/**
 * A process with more to do than it can, in virtual time: an event loop that reads what has arrived, runs handlers that compute, and
 * comes round when all that is done.
 */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import type { Clock, Timer } from '../base/clock.js';
import type { EventLoop } from '../base/event-loop.js';
import { seededRandom } from '../base/testing.js';
import type { Exchange } from '../model/exchange.js';
import { noTelemetry } from '../ports/telemetry.js';
import { concurrencyPolicyFrom } from '../traffic/concurrency/policy.js';
import type { PriorityRule } from '../traffic/priority/policy.js';
import { type QueuePolicy, queuePolicyFrom } from '../traffic/queue/policy.js';
import { InboundPolicy } from './bind.js';
import { InboundPath } from './exchange.js';
import { inboundPolicy, TRUST_DOMAIN } from './fixtures.test.js';

const PRIORITIES: readonly PriorityRule[] = [
  { name: 'checkout', priority: 'critical', match: { paths: ['/critical'] } },
  { name: 'batch', priority: 'sheddable', match: { paths: ['/sheddable'] } },
];
/** Of reading a request, answered or not. */
const READ_MS = 0.1;

/** Computing takes time in which no timer fires. */
class BusyClock implements Clock {
  #now = 0;
  #timers: { at: number; fire: () => void }[] = [];
  now = () => this.#now;
  wallNow = () => this.#now;
  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((one) => one !== timer)) };
  }
  compute(ms: number): void {
    this.#now += ms;
  }
  fireDue(): void {
    for (const timer of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((one) => one !== timer);
      timer.fire();
    }
  }
}

interface Arrival {
  readonly at: number;
  readonly path: string;
  /** Its caller hangs up then. */
  readonly goneAt?: number;
}

interface World {
  readonly arrivals: readonly Arrival[];
  readonly workMs: (path: string) => number;
  /** null: unprotected. */
  readonly queue: QueuePolicy | null;
  /** What callers say about how long they wait. */
  readonly callersWaitMs?: number;
}

interface Answer {
  readonly path: string;
  readonly status: number;
  readonly tookMs: number;
  readonly because: string | null;
}

/** Runs until all is answered. */
async function serve({ arrivals, workMs, queue, callersWaitMs }: World): Promise<Answer[]> {
  const clock = new BusyClock();
  let turnBegan = 0;
  let works: (() => void)[] = [];
  let told: (turnMs: number) => void = () => {};
  const loop: EventLoop = {
    turnMs: () => clock.now() - turnBegan,
    afterTurn: (work) => void works.push(work),
    watch: (listener) => void (told = listener),
  };
  const policy = new InboundPolicy();
  const concurrency = concurrencyPolicyFrom({ jitterPercent: 0 });
  policy.accept(
    inboundPolicy(
      queue === null ? {} : { resilience: { policy: 'ns/a', concurrency, queue, priorities: PRIORITIES } },
    ),
    { trustDomain: TRUST_DOMAIN, revision: 1 },
  );
  const path = new InboundPath({
    clock,
    loop,
    snapshot: policy,
    telemetry: noTelemetry,
    accessLog: () => {},
    ambient: new AsyncLocalStorage<Exchange>(),
    random: seededRandom(7),
    randomId: () => 'id',
    warn: () => {},
  });
  const answers: Answer[] = [];
  const open = new Map<Exchange, Arrival>();
  const finish = (exchange: Exchange) => {
    const arrival = open.get(exchange)!;
    open.delete(exchange);
    if (exchange.refusal === null) clock.compute(workMs(arrival.path));
    path.end(exchange, { status: exchange.refusal?.status ?? 200, complete: true });
    answers.push({
      path: arrival.path,
      status: exchange.status,
      tookMs: clock.now() - arrival.at,
      because: exchange.refusal?.because ?? null,
    });
  };
  const read = (arrival: Arrival) => {
    clock.compute(READ_MS);
    const exchange = path.begin(
      {
        method: 'GET',
        scheme: 'http',
        authority: 'svc',
        path: arrival.path,
        headers: callersWaitMs === undefined ? {} : { 'x-heddle-deadline-ms': String(callersWaitMs) },
        protocol: 'HTTP/1.1',
        peer: { id: null, address: '10.0.0.9', sni: null },
        remoteIp: '10.0.0.9',
        localAddress: '127.0.0.1',
        localPort: 80,
      },
      null,
    );
    open.set(exchange, arrival);
    const { waiting } = exchange;
    if (waiting === null) finish(exchange);
    else void waiting.then(() => exchange.ended || finish(exchange));
  };
  let next = 0;
  while (next < arrivals.length || open.size > 0) {
    clock.fireDue();
    await settled();
    for (const [exchange, { goneAt }] of open)
      if (goneAt !== undefined && goneAt <= clock.now()) {
        open.delete(exchange);
        path.end(exchange, { status: 0, complete: false });
      }
    // What had arrived when the turn began to read is read in it, however long that takes.
    const now = clock.now();
    for (; next < arrivals.length && arrivals[next]!.at <= now; next += 1) read(arrivals[next]!);
    await settled();
    told(clock.now() - turnBegan);
    turnBegan = clock.now();
    const due = works;
    works = [];
    for (const work of due) work();
    await settled();
    if (clock.now() === now)
      clock.compute(Math.min(1, Math.max(0.01, (arrivals[next]?.at ?? now + 1) - now)));
    if (due.length === 0) turnBegan = clock.now();
  }
  return answers;
}

async function settled(): Promise<void> {
  for (let left = 8; left > 0; left -= 1) await null;
}

/** Requests at random instants. */
function poisson(perSecond: number, forMs: number, seed: number, path = (_: number) => '/'): Arrival[] {
  const random = seededRandom(seed);
  const found: Arrival[] = [];
  for (let at = 0; at < forMs; at += (-Math.log(1 - random.next()) * 1_000) / perSecond)
    found.push({ at, path: path(random.next()) });
  return found;
}

const WORK_MS = 3;
const CAPACITY = 1_000 / (WORK_MS + READ_MS);
const FOR_MS = 5_000;
const DEFAULTS = queuePolicyFrom({});

const inTime = (answers: readonly Answer[]) =>
  answers.filter(({ status, tookMs }) => status === 200 && tookMs <= 1_000);
const shareOf = (answers: readonly Answer[]) => inTime(answers).length / (CAPACITY * (FOR_MS / 1_000));
function p99(answers: readonly Answer[]): number {
  const sorted = inTime(answers)
    .map(({ tookMs }) => tookMs)
    .sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length * 0.99)]!;
}
const atLoad = (factor: number, change: Partial<World> = {}) =>
  serve({
    arrivals: poisson(CAPACITY * factor, FOR_MS, 1),
    workMs: () => WORK_MS,
    queue: DEFAULTS,
    ...change,
  });

test('without protection hardly anything is answered in time at twice the capacity', async () => {
  assert.ok(shareOf(await atLoad(2, { queue: null })) < 0.5);
});

test('at half the capacity nobody is refused', async () => {
  const answers = await atLoad(0.5);
  assert.ok(answers.every(({ status }) => status === 200));
});

test('at twice the capacity, and at three times, nine tenths of it come out in time, and whoever is let in waits for a moment only', async () => {
  for (const factor of [1.5, 2, 3]) {
    const answers = await atLoad(factor);
    assert.ok(shareOf(answers) > 0.9, `${factor}: ${shareOf(answers)}`);
    assert.ok(p99(answers) < 150, `${factor}: ${p99(answers)}`);
    assert.equal(answers.length, poisson(CAPACITY * factor, FOR_MS, 1).length, 'everybody is answered');
  }
});

test('handlers that compute for long are not idle between two requests', async () => {
  const answers = await serve({
    arrivals: poisson(2 * 20, FOR_MS, 2),
    workMs: () => 50,
    queue: DEFAULTS,
  });
  assert.ok(inTime(answers).length > 0.85 * 20 * (FOR_MS / 1_000), `${inTime(answers).length}`);
  assert.ok(p99(answers) < 500, `${p99(answers)}`);
});

test('under overload what is sheddable goes first, then the default; what is critical goes last', async () => {
  const answers = await atLoad(2, {
    arrivals: poisson(CAPACITY * 2, FOR_MS, 3, (draw) =>
      draw < 0.4 ? '/critical' : draw < 0.7 ? '/' : '/sheddable',
    ),
  });
  const served = (path: string) => {
    const asked = answers.filter((one) => one.path === path);
    return inTime(asked).length / asked.length;
  };
  assert.ok(served('/critical') > 0.97, `${served('/critical')}`);
  assert.ok(served('/') > served('/sheddable'), `${served('/')} ${served('/sheddable')}`);
  assert.ok(served('/sheddable') < 0.15, `${served('/sheddable')}`);
});

test('health checks are answered, whatever else there is to do', async () => {
  const answers = await atLoad(3, {
    arrivals: poisson(CAPACITY * 3, FOR_MS, 4, (draw) => (draw < 0.02 ? '/healthz' : '/')),
    workMs: (path) => (path === '/healthz' ? 0.1 : WORK_MS),
  });
  const checks = answers.filter(({ path }) => path === '/healthz');
  assert.ok(checks.length > 50);
  assert.ok(checks.every(({ status, tookMs }) => status === 200 && tookMs < 100));
});

test('whoever has hung up while it waited is not worked for', async () => {
  let handled = 0;
  const arrivals = poisson(CAPACITY * 2, 1_000, 5).map((arrival) => ({
    ...arrival,
    goneAt: arrival.at + 15,
  }));
  const answers = await serve({
    arrivals,
    workMs: () => {
      handled += 1;
      return WORK_MS;
    },
    queue: DEFAULTS,
  });
  assert.equal(handled, answers.filter(({ status }) => status === 200).length);
  assert.ok(answers.length < arrivals.length, 'some have gone before they were answered');
  assert.ok(
    answers.every(({ tookMs }) => tookMs < 60),
    'nobody was served long after hanging up',
  );
});

test('nobody waits for longer than its caller does', async () => {
  const answers = await atLoad(2, { callersWaitMs: 30 });
  assert.ok(answers.some(({ because }) => because === 'queue_deadline'));
  assert.ok(
    answers.every(({ status, tookMs }) => status !== 200 || tookMs < 30 + 30),
    'the wait is bounded by the deadline; a turn of the loop comes on top',
  );
});
