/** Stories in virtual time: many callers, endpoints that misbehave, and what is left of it afterwards. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../base/random.js';
import { seededRandom } from '../base/testing.js';
import type { OutlierPolicy } from '../traffic/outlier/policy.js';
import { allowedRetries } from '../traffic/retry/index.js';
import {
  Bench,
  cluster,
  endpoint,
  NOTHING,
  retries,
  route,
  type Sent,
  type World,
} from './fixtures.test.helper.js';

/** The first of the seeds. A failure names the one that it happened with. */
const SEED = 20_260_101;

const OUTLIER: OutlierPolicy = {
  consecutive5xx: 3,
  consecutiveGatewayErrors: 0,
  splitLocalOrigin: false,
  consecutiveLocalOriginFailures: 5,
  intervalMs: 1_000,
  baseEjectionTimeMs: 5_000,
  maxEjectionPercent: 50,
  minHealthPercent: 0,
};
const BUDGET = { budgetPercent: 20, minRetryConcurrency: 3 };
const MINUTE_MS = 60_000;

interface Tally {
  calls: number;
  failed: number;
  /** Most retries outstanding at once, and by how much they ever exceeded the budget. */
  mostRetries: number;
  overBudget: number;
}

/** Callers that call, wait a little and call again, until they are told to stop. */
class Callers {
  readonly tally: Tally = { calls: 0, failed: 0, mostRetries: 0, overBudget: 0 };
  stopped = false;
  readonly #bench: Bench;
  readonly #random: Random;

  constructor(bench: Bench, random: Random, count: number) {
    this.#bench = bench;
    this.#random = random;
    for (let i = 0; i < count; i += 1) void this.#run();
  }

  async #run(): Promise<void> {
    while (!this.stopped) {
      await this.#wait(10 + this.#random.next() * 100);
      const outcome = await this.#bench.run();
      this.tally.calls += 1;
      if (outcome.kind !== 'response' || outcome.status >= 500) this.tally.failed += 1;
    }
  }

  /** Looked at each time something reaches the wire: that is when a retry has been taken from the budget. */
  look(): void {
    const { budget, limit } = this.#bench.cluster().state;
    this.tally.mostRetries = Math.max(this.tally.mostRetries, budget.outstanding);
    // The count of those in flight may have fallen since the retries were granted; the most there ever are is the bound.
    const allowed = allowedRetries(BUDGET, undefined, Math.max(limit.active, 20))!;
    this.tally.overBudget = Math.max(this.tally.overBudget, budget.outstanding - allowed);
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#bench.clock.after(ms, resolve));
  }
}

/** Answers after 5 to 25 ms; `fails` says whether with 503. */
function server(bench: Bench, random: Random, fails: (sent: Sent) => boolean): (sent: Sent) => void {
  return (sent) => {
    bench.clock.after(5 + random.next() * 20, () => sent.respond(fails(sent) ? 503 : 200));
  };
}

/** Runs a story for each of some seeds and names the one that fails. */
async function story(world: World, tell: (bench: Bench, random: Random, callers: Callers) => Promise<void>) {
  for (let seed = SEED; seed < SEED + 2; seed += 1) {
    const random = seededRandom(seed);
    const bench = new Bench(world, random);
    bench.told.length = 0;
    const callers = new Callers(bench, random, 20);
    try {
      await tell(bench, random, callers);
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

const WORLD: World = {
  routes: [route({ timeoutMs: 2_000, retries: retries({ perTryTimeoutMs: 500 }) })],
  clusters: [cluster({ outlier: OUTLIER, retryBudget: BUDGET })],
  endpoints: [endpoint(1), endpoint(2), endpoint(3)],
};

test('20 callers, 3 endpoints, one of which fails 30 % of the time for two minutes: hardly anybody notices', async () => {
  await story(WORLD, async (bench, random, callers) => {
    let trouble = true;
    const answer = server(
      bench,
      random,
      (sent) => trouble && sent.endpoint.startsWith('10.0.0.2:') && random.next() < 0.3,
    );
    bench.wire.answer = (sent) => {
      callers.look();
      answer(sent);
    };
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    trouble = false;
    const { tally } = callers;
    assert.ok(tally.calls > 20_000, `only ${tally.calls} calls`);
    assert.ok(tally.failed < tally.calls / 100, `${tally.failed} of ${tally.calls} calls failed`);
    assert.ok(tally.mostRetries > 0, 'nothing was ever retried');
    assert.ok(tally.overBudget <= 0, `${tally.overBudget} retries more than the budget has`);
    await bench.clock.advanceAsync(30_000);
    assert.equal(
      bench.cluster().endpoints.some(({ ejected }) => ejected),
      false,
      'still ejected',
    );
    callers.stopped = true;
    await bench.clock.advanceAsync(10_000);
    assert.deepEqual(bench.held(), NOTHING);
  });
});

test('an endpoint that dies is ejected and its calls go elsewhere; once it is back it takes its share again', async () => {
  await story(WORLD, async (bench, random, callers) => {
    let dead = false;
    const answer = server(bench, random, () => false);
    const served = new Map<string, number>();
    bench.wire.answer = (sent) => {
      if (dead && sent.endpoint.startsWith('10.0.0.3:')) return sent.fail('connection-failure', 'no');
      served.set(sent.endpoint, (served.get(sent.endpoint) ?? 0) + 1);
      answer(sent);
    };
    await bench.clock.advanceAsync(MINUTE_MS / 4);
    dead = true;
    await bench.clock.advanceAsync(MINUTE_MS);
    // More may meet the dead endpoint in the same instant than the budget has retries.
    const { tally } = callers;
    assert.ok(tally.failed < tally.calls / 1_000, `${tally.failed} of ${tally.calls} calls failed`);
    const { failed } = tally;
    assert.ok(bench.events.some((line) => /^endpoint\.ejected .*10\.0\.0\.3/.test(line)));
    dead = false;
    await bench.clock.advanceAsync(MINUTE_MS);
    served.clear();
    await bench.clock.advanceAsync(MINUTE_MS / 4);
    const shares = [...served.values()];
    assert.equal(shares.length, 3);
    assert.ok(Math.min(...shares) > Math.max(...shares) / 2, `uneven: ${shares}`);
    assert.ok(tally.failed - failed < 10, `${tally.failed - failed} calls failed while it came back`);
    callers.stopped = true;
    await bench.clock.advanceAsync(10_000);
    assert.deepEqual(bench.held(), NOTHING);
  });
});

test('all endpoints fail for a minute: retries add little to the load, and all is well soon after', async () => {
  await story(WORLD, async (bench, random, callers) => {
    let down = false;
    const answer = server(bench, random, () => down);
    bench.wire.answer = (sent) => {
      callers.look();
      answer(sent);
    };
    await bench.clock.advanceAsync(MINUTE_MS / 4);
    assert.equal(callers.tally.failed, 0);
    down = true;
    const [sent, calls] = [bench.wire.sent.length, callers.tally.calls];
    await bench.clock.advanceAsync(MINUTE_MS);
    const load = (bench.wire.sent.length - sent) / (callers.tally.calls - calls);
    assert.ok(load < 2, `${load} attempts a call, where the policy alone would allow 3`);
    assert.ok(callers.tally.overBudget <= 0);
    down = false;
    await bench.clock.advanceAsync(30_000);
    assert.equal(
      bench.cluster().endpoints.some(({ ejected }) => ejected),
      false,
      'still ejected',
    );
    const { failed } = callers.tally;
    await bench.clock.advanceAsync(MINUTE_MS / 4);
    assert.equal(callers.tally.failed, failed);
    callers.stopped = true;
    await bench.clock.advanceAsync(10_000);
    assert.deepEqual(bench.held(), NOTHING);
  });
});

test('a cluster that is down is spared once its circuit is open, and its callers fail at once', async () => {
  // opossum takes its time from the platform: an hour is never over while this test runs.
  const breaker = { errorThresholdPercent: 50, volumeThreshold: 10, windowMs: 3_600_000, openMs: 3_600_000 };
  await story({ ...WORLD, clusters: [cluster({ breaker })] }, async (bench, random, callers) => {
    bench.wire.answer = server(bench, random, () => true);
    await bench.clock.advanceAsync(MINUTE_MS);
    assert.ok(callers.tally.calls > 10_000);
    assert.equal(callers.tally.failed, callers.tally.calls);
    assert.ok(bench.wire.sent.length < 60, `${bench.wire.sent.length} attempts on a dead cluster`);
    callers.stopped = true;
    await bench.clock.advanceAsync(10_000);
    assert.deepEqual(bench.held(), NOTHING);
    bench.binder.dispose();
    assert.equal(bench.clock.pending, 0);
  });
});
