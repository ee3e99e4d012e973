/** Four levels of services, each with retries of its own: what the leaves see when all of them fail, and when hardly any does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock, seededRandom } from 'heddle/ports';
import type { RetryPolicy } from '../../src/traffic/retry/policy.js';
import { type Answer, type Handler, type Rules, World } from './world.js';

const LIMIT = { timeout: 300_000 };
/** The first of the seeds. A failure names the one that it happened with. */
const SEED = 20_260_101;
const SEEDS = 2;
const CALLS = 2_000;
/** Between two calls on average. */
const EVERY_MS = 3;

function retries(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    attempts: 2,
    perTryTimeoutMs: null,
    on: ['5xx'],
    statusCodes: [],
    backoffMs: 25,
    ignorePreviousHosts: true,
    explicit: true,
    ...changes,
  };
}

/** Times by which B, C and D are called, milliseconds. */
interface Story {
  readonly perTryMs?: readonly [b: number | null, c: number | null, d: number | null];
  readonly timeoutMs?: number;
  /** What the leaf answers. */
  readonly leaf: (draw: number, endpoint: string) => Answer;
  /** What B and C answer instead of a failure. @default 503 */
  readonly onFailure?: Answer;
}

interface Tally {
  readonly entered: number;
  readonly good: number;
  readonly leaves: number;
  readonly levels: readonly number[];
}

async function tell(seed: number, { perTryMs, timeoutMs, leaf, onFailure = 503 }: Story): Promise<Tally> {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const world = new World(clock, random);
  const rules = (level: number): Rules => ({
    retries: retries({ perTryTimeoutMs: perTryMs?.[level] ?? null }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  const calling =
    (service: string): Handler =>
    async (_request, self) => {
      const answered = await self.call(service);
      return typeof answered === 'number' && answered < 500 ? answered : onFailure;
    };
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve));
  const a = world.serve('a', 2, { retries: null }, async () => 200);
  const b = world.serve('b', 2, rules(0), calling('c'));
  const c = world.serve('c', 2, rules(1), calling('d'));
  const d = world.serve('d', 3, rules(2), async ({ endpoint }) => {
    await wait(2 + random.next() * 6);
    return leaf(random.next(), endpoint);
  });
  world.begin();
  let [ended, good] = [0, 0];
  // Each sets out the next: a clock with thousands of timers is a slow one.
  const come = (number: number) => {
    if (number === CALLS) return;
    void a[number % 2]!.call('b').then((status) => {
      ended += 1;
      if (status === 200) good += 1;
    });
    clock.after(2 * random.next() * EVERY_MS, () => come(number + 1));
  };
  come(0);
  await live(clock, CALLS * EVERY_MS * 1.1 + 2_500);
  assert.equal(ended, CALLS, 'every call ends');
  if (leaf(0.5, '') !== 'never' || timeoutMs !== undefined || perTryMs !== undefined)
    assert.deepEqual(world.held(), { calls: 0, exchanges: 0, retries: 0 });
  const levels = [b, c, d].map((level) => level.reduce((sum, { arrived }) => sum + arrived, 0));
  return { entered: CALLS, good, leaves: levels[2]!, levels };
}

/** Lets time pass in steps of a millisecond, which is exact enough and much quicker than to stop at each timer. */
async function live(clock: FakeClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1) {
    clock.advance(1);
    await turn();
  }
}

function oneSeed(story: Story, check: (tally: Tally) => void): Promise<void> {
  return everySeed(story, check, 1);
}

async function everySeed(story: Story, check: (tally: Tally) => void, seeds = SEEDS): Promise<void> {
  for (let seed = SEED; seed < SEED + seeds; seed += 1) {
    try {
      check(await tell(seed, story));
    } catch (error) {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

function noStorm({ entered, leaves, good, levels }: Tally): void {
  assert.equal(good, 0);
  assert.ok(leaves <= entered * 1.2, `the leaves saw ${leaves} of ${entered} calls (${levels})`);
  assert.ok(leaves >= entered, `the leaves saw only ${leaves} of ${entered} calls (${levels})`);
}

test(
  'every leaf answers 503: the leaves see at most 1.2 times the calls, and only the last layer retries',
  LIMIT,
  () =>
    everySeed({ leaf: () => 503 }, (tally) => {
      noStorm(tally);
      assert.deepEqual(tally.levels.slice(0, 2), [CALLS, CALLS]);
      assert.ok(tally.leaves > CALLS * 1.1, `${tally.leaves}: the budget is there to be used`);
    }),
);

test('every leaf breaks off after it has read the request: the same', LIMIT, () =>
  everySeed({ leaf: () => 'reset' }, (tally) => {
    noStorm(tally);
    assert.deepEqual(tally.levels.slice(0, 2), [CALLS, CALLS]);
  }),
);

test('half of them answer 503, half break off: the same', LIMIT, () =>
  oneSeed({ leaf: (draw) => (draw < 0.5 ? 503 : 'reset') }, noStorm),
);

for (const [name, perTryMs] of [
  ['the same on each level', [100, 100, 100]],
  ['half as long on each level further down', [400, 200, 100]],
  ['longer further down', [100, 200, 400]],
  ['at the top and at the leaf', [300, null, 200]],
  ['at the leaf just shorter than at the top', [200, null, 190]],
] as const) {
  test(`no leaf ever answers, and the per-try timeouts are ${name}: at most 1.2 times the calls`, LIMIT, () =>
    oneSeed({ leaf: () => 'never', perTryMs }, noStorm),
  );
}

test('no leaf ever answers, and the calls have a timeout alone: nothing is retried', LIMIT, () =>
  oneSeed({ leaf: () => 'never', timeoutMs: 300 }, (tally) =>
    assert.deepEqual(tally.levels, [CALLS, CALLS, CALLS]),
  ),
);

test('leaves fail now at once and now never, with times per try: at most 1.2 times the calls', LIMIT, () =>
  oneSeed({ leaf: (draw) => (draw < 0.5 ? 503 : 'never'), perTryMs: [400, 200, 100] }, noStorm),
);

test('one call in a hundred fails at one leaf of three: retries heal it', LIMIT, () =>
  everySeed(
    { leaf: (draw, endpoint) => (endpoint.endsWith('.1:80') && draw < 0.01 ? 503 : 200) },
    ({ good, entered }) => assert.ok(good >= entered * 0.999, `${good} of ${entered} went well`),
  ),
);

test(
  'one call in a hundred fails at every leaf: retries heal it, and the leaves see a hundredth more',
  LIMIT,
  () =>
    oneSeed({ leaf: (draw) => (draw < 0.01 ? 'reset' : 200) }, ({ good, entered, leaves }) => {
      assert.ok(good >= entered * 0.999, `${good} of ${entered} went well`);
      assert.ok(leaves <= entered * 1.03, `${leaves} of ${entered}`);
    }),
);
