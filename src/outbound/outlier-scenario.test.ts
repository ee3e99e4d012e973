/** Ten endpoints under a steady load in virtual time: one bad, one slow, one that comes and goes. Who is out when, to the second. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutlierPolicy } from '../traffic/outlier/policy.js';
import { outlierPolicyFrom } from '../traffic/outlier/policy.js';
import { Bench, cluster, endpoint, NOTHING, route, type Sent } from './fixtures.test.helper.js';

const SECOND_MS = 1_000;
/** Ten endpoints get ten calls a second each. */
const CALL_EVERY_MS = 10;

const BAD = '10.0.0.1:8080';
const SLOW = '10.0.0.2:8080';
const FLAPPING = '10.0.0.3:8080';

interface Seen {
  readonly events: string[];
  /** Calls that ended with a status of 500 or more, or with none. */
  failed: number;
  calls: number;
  readonly attempts: Map<string, number>;
}

/** @param flapping answers 503 in every second one of such spans */
async function story(outlier: OutlierPolicy, seconds: number, flappingMs: number): Promise<Seen> {
  const bench = new Bench({
    routes: [route({ timeoutMs: 300 })],
    clusters: [cluster({ outlier })],
    endpoints: Array.from({ length: 10 }, (_, index) => endpoint(index + 1)),
  });
  const { clock, wire } = bench;
  const seen: Seen = { events: [], failed: 0, calls: 0, attempts: new Map() };
  wire.answer = (sent: Sent) => {
    const count = (seen.attempts.get(sent.endpoint) ?? 0) + 1;
    seen.attempts.set(sent.endpoint, count);
    if (sent.endpoint === SLOW) return;
    const down = sent.endpoint === FLAPPING && Math.floor(clock.now() / flappingMs) % 2 === 1;
    sent.respond(down ? 503 : sent.endpoint === BAD && count % 3 === 0 ? 500 : 200);
  };
  const until = clock.now() + seconds * SECOND_MS;
  const open: Promise<void>[] = [];
  let told = 0;
  while (clock.now() < until) {
    seen.calls += 1;
    open.push(
      bench.run().then((outcome) => {
        if (outcome.kind !== 'response' || outcome.status >= 500) seen.failed += 1;
        if (outcome.kind === 'response') outcome.body.drop(new Error('not read'));
      }),
    );
    await clock.advanceAsync(CALL_EVERY_MS);
    for (const event of bench.events.slice(told)) {
      const [name, , key, because] = event.split(' ');
      const second = Math.floor(clock.now() / SECOND_MS);
      seen.events.push(
        [second, name!.slice('endpoint.'.length), key!.split(':')[0], because].join(' ').trim(),
      );
    }
    told = bench.events.length;
  }
  await clock.advanceAsync(SECOND_MS);
  await Promise.all(open);
  assert.deepEqual(bench.held(), NOTHING);
  bench.binder.dispose();
  return seen;
}

/** Every failure was one of these: nothing else went wrong. */
const attemptsOn = (seen: Seen, ...keys: string[]) => keys.map((key) => seen.attempts.get(key));

test('consecutive errors find who is slow and who is down, never who fails now and then', async () => {
  const seen = await story(outlierPolicyFrom({ maxEjectionPercent: 30 }), 120, 20_000);
  assert.deepEqual(seen.events, [
    '0 ejected 10.0.0.2 consecutive-5xx',
    '20 ejected 10.0.0.3 consecutive-5xx',
    // Thirty seconds, rounded up to the sweeps, which are ten seconds apart from the first ejection on.
    '30 returned 10.0.0.2',
    '31 ejected 10.0.0.2 consecutive-5xx',
    '50 returned 10.0.0.3',
    '60 ejected 10.0.0.3 consecutive-5xx',
    // The second ejection is twice as long.
    '100 returned 10.0.0.2',
    '101 ejected 10.0.0.2 consecutive-5xx',
  ]);
  assert.deepEqual([seen.calls, ...attemptsOn(seen, BAD, SLOW, FLAPPING)], [12_000, 1_455, 23, 334]);
  // Of the slow one all, of the bad one a third, of the flapping one five each time.
  assert.equal(seen.failed, 23 + 1_455 / 3 + 10);
});

test('success rates find who fails now and then, too', async () => {
  const successRate = { minimumHosts: 5, requestVolume: 50, stdevFactor: 1.9, enforcingPercent: 100 };
  const seen = await story({ ...outlierPolicyFrom({ maxEjectionPercent: 30 }), successRate }, 120, 20_000);
  assert.deepEqual(seen.events, [
    '0 ejected 10.0.0.2 consecutive-5xx',
    // 67 % where the others have 100 %: found by the first sweep.
    '10 ejected 10.0.0.1 success-rate',
    '20 ejected 10.0.0.3 consecutive-5xx',
    '40 returned 10.0.0.1',
    '40 returned 10.0.0.2',
    '40 ejected 10.0.0.2 consecutive-5xx',
    '50 ejected 10.0.0.1 success-rate',
    '60 returned 10.0.0.3',
    '60 ejected 10.0.0.3 consecutive-5xx',
    '110 returned 10.0.0.1',
    '110 returned 10.0.0.2',
    '110 ejected 10.0.0.2 consecutive-5xx',
    '120 ejected 10.0.0.1 success-rate',
  ]);
  const [bad, slow] = attemptsOn(seen, BAD, SLOW) as [number, number];
  assert.equal(seen.failed, slow + Math.floor(bad / 3) + 10);
  assert.ok(seen.failed < 200, `${seen.failed} calls failed`);
});

test('with 10 % of ten endpoints one is out at a time: the next one has its turn when the first is back', async () => {
  const seen = await story(outlierPolicyFrom({}), 60, 20_000);
  assert.deepEqual(seen.events, [
    '0 ejected 10.0.0.2 consecutive-5xx',
    '30 returned 10.0.0.2',
    '31 ejected 10.0.0.3 consecutive-5xx',
  ]);
});
