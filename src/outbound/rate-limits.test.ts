import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../model/call.js';
import type { Outcome } from '../model/outcome.js';
import { concurrencyPolicyFrom } from '../traffic/concurrency/policy.js';
import type { RateLimitPolicy } from '../traffic/rate-limit/policy.js';
import { Bench, cluster, host, NOTHING, retries, route } from './fixtures.test.helper.js';
import { errorOf } from './surface.js';

const LIMIT: RateLimitPolicy = {
  policy: 'default/reviews',
  limits: [{ name: 'calls', requests: 5, perMs: 1_000, burst: 5 }],
};

function bench(rateLimit: RateLimitPolicy = LIMIT): Bench {
  const made = new Bench({
    hosts: [
      {
        ...host({
          routes: [route({ retries: retries({ attempts: 3 }) })],
          clusters: [cluster({ limits: { maxRetries: 10 } })],
        }),
        rateLimit,
      },
    ],
  });
  made.wire.answer = (sent) => sent.respond(200);
  return made;
}

async function countOf(made: Bench, calls: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i += 1) {
    const outcome = await made.run();
    const word = outcome.kind === 'response' ? String(outcome.status) : wordOf(outcome);
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

function wordOf(outcome: Outcome): string {
  return outcome.kind === 'rejected' ? `${outcome.code} ${outcome.flag} ${outcome.status}` : outcome.kind;
}

test('calls beyond the limit are refused before anything else is done for them', async () => {
  const made = bench();
  assert.deepEqual(await countOf(made, 12), { 200: 5, 'HEDDLE_RATE_LIMITED RL 429': 7 });
  assert.equal(made.wire.sent.length, 5);
  made.clock.advance(400);
  assert.deepEqual(await countOf(made, 12), { 200: 2, 'HEDDLE_RATE_LIMITED RL 429': 10 });
  assert.deepEqual(made.held(), NOTHING);
});

test('the error says which limit, and when to come again', async () => {
  const made = bench();
  await countOf(made, 5);
  const call = made.call();
  const outcome = await made.run(call);
  assert.ok(call.flags.has('RL'), 'counted with its flag');
  const error = errorOf(call, outcome as Exclude<Outcome, { kind: 'response' }>);
  assert.match(
    String(error),
    /\[HEDDLE_RATE_LIMITED\] GET reviews: local_rate_limited: limit 'calls' of RateLimit default\/reviews is used up/,
  );
  assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 200);
  assert.equal((error as { sent?: string }).sent, 'no');
});

test('whoever counts calls sees the flag', async () => {
  const made = bench();
  const seen: string[] = [];
  const { snapshot } = made.outbound;
  const counts = {
    name: 'trace',
    admit: () => null,
    settle: (call: Call, outcome: Outcome) => seen.push([outcome.kind, ...call.flags].join(' ')),
  };
  made.outbound.snapshot = { ...snapshot!, callFilters: [counts, ...snapshot!.callFilters] };
  await countOf(made, 6);
  assert.deepEqual(seen.slice(4), ['response', 'rejected RL']);
});

test('retries take no token: the limit counts calls', async () => {
  const made = bench({ ...LIMIT, limits: [{ name: 'calls', requests: 5, perMs: 3_600_000, burst: 5 }] });
  let answers = 0;
  made.wire.answer = (sent) => sent.respond((answers += 1) % 3 === 0 ? 200 : 503);
  for (let i = 0; i < 5; i += 1) {
    const outcome = made.run();
    await made.clock.advanceAsync(1_000);
    assert.equal(wordOf(await outcome), 'response');
  }
  assert.equal(made.wire.sent.length, 15);
  assert.equal(wordOf(await made.run()), 'HEDDLE_RATE_LIMITED RL 429');
});

test('a policy that does not speak of the limit any more lifts it, and one that says the same keeps the count', async () => {
  const made = bench();
  await countOf(made, 5);
  made.accept({ hosts: [{ ...host(), rateLimit: LIMIT }], revision: 2 });
  assert.deepEqual(await countOf(made, 3), { 'HEDDLE_RATE_LIMITED RL 429': 3 });
  made.accept({ revision: 3 });
  assert.deepEqual(await countOf(made, 20), { 200: 20 });
});

test('an adaptive limit refuses what is too much, counts the flag, and survives a policy change', async () => {
  const concurrency = concurrencyPolicyFrom({ minLimit: 2 });
  const made = new Bench({ clusters: [cluster({ concurrency })] });
  const calls = [await made.begin(), await made.begin(), await made.begin()];
  assert.equal(made.wire.sent.length, 2);
  assert.equal(wordOf(await calls[2]!.outcome), 'HEDDLE_OVERLOADED UO 503');
  made.accept({ clusters: [cluster({ concurrency })], revision: 2 });
  assert.equal(wordOf(await made.run()), 'HEDDLE_OVERLOADED UO 503');
  made.wire.sent[0]!.respond(200);
  await calls[0]!.outcome;
  const next = await made.begin();
  assert.equal(made.wire.sent.length, 3);
  for (const sent of made.wire.sent) sent.respond(200);
  await Promise.all([next.outcome, calls[1]!.outcome]);
  assert.deepEqual(made.held(), NOTHING);
});
