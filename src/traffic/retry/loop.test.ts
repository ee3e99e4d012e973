import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../base/testing.js';
import type { Call, CallRequest } from '../../model/call.js';
import type { Outcome } from '../../model/outcome.js';
import { StreamBody } from '../../model/request-body.js';
import { ResponseBody } from '../../model/response-body.js';
import { cancelled, failed, rejected, responded, testCall } from '../../model/testing.js';
import { type RetryOptions, retryAttempts } from './loop.js';
import type { RetryPolicy } from './policy.js';
import { RetryBudget } from './state.js';

const POLICY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: null,
  on: ['5xx'],
  statusCodes: [],
  backoffMs: 100,
  ignorePreviousHosts: true,
  explicit: false,
};

interface Setup {
  /** Outcomes of the attempts, the first one included. */
  readonly outcomes: readonly Outcome[];
  readonly policy?: Partial<RetryPolicy>;
  readonly request?: Partial<CallRequest>;
  readonly budget?: RetryBudget;
  readonly prepare?: (call: Call) => void;
}

function start({ outcomes, policy = {}, request = {}, budget = new RetryBudget(null, 10), prepare }: Setup) {
  const clock = new FakeClock();
  const call = testCall(request);
  prepare?.(call);
  const ran: [retry: number, at: number][] = [];
  const told: string[] = [];
  const options: RetryOptions = {
    call,
    first: outcomes[0]!,
    policy: { ...POLICY, ...policy },
    budget,
    active: () => 0,
    clock,
    random: { next: () => 0.5 },
    run: (retry) => {
      ran.push([retry, clock.now()]);
      return Promise.resolve(outcomes[retry]!);
    },
    onRetry: (retry, delayMs, because) => told.push(`${retry} after ${delayMs} on ${because}`),
    onStop: (because) => told.push(because),
  };
  return { clock, call, ran, told, budget, result: retryAttempts(options) };
}

test('a second attempt that succeeds is the outcome', async () => {
  const good = responded(200);
  const { clock, call, ran, told, result, budget } = start({ outcomes: [responded(503), good] });
  await clock.advanceAsync(1_000);
  assert.equal(await result, good);
  assert.deepEqual(ran, [[1, 50]]);
  assert.deepEqual(told, ['1 after 50 on 5xx']);
  assert.equal(call.flags.size, 0);
  assert.equal(budget.outstanding, 0);
});

test('the waits grow, and after the last retry the last outcome comes back as it is, with URX', async () => {
  const last = responded(503);
  const { clock, call, ran, told, result } = start({ outcomes: [responded(503), responded(503), last] });
  await clock.advanceAsync(1_000);
  assert.equal(await result, last);
  assert.deepEqual(ran, [
    [1, 50],
    [2, 150],
  ]);
  assert.equal(told.at(-1), 'limit');
  assert.deepEqual([...call.flags], ['URX']);
});

test('discarded responses are dropped before the wait, the last one is not', async () => {
  const closed: string[] = [];
  const outcomes = ['first', 'second', 'third'].map((name) => {
    const outcome = { ...responded(503), body: new ResponseBody({ pause() {}, resume() {}, abort() {} }) };
    outcome.body.owner = { bodyClosed: (end) => closed.push(`${name} ${end}`) };
    return outcome;
  });
  const { clock, result } = start({ outcomes });
  await clock.advanceAsync(0);
  assert.deepEqual(closed, ['first dropped']);
  await clock.advanceAsync(1_000);
  assert.equal(await result, outcomes[2]);
  assert.deepEqual(closed, ['first dropped', 'second dropped']);
});

test('a first outcome that is none to repeat comes back at once, without a wait', async () => {
  for (const first of [
    responded(200),
    responded(404),
    rejected('HEDDLE_OVERLOADED', 'overflow'),
    cancelled,
  ]) {
    const { clock, call, ran, told, result } = start({ outcomes: [first] });
    assert.equal(await result, first);
    assert.deepEqual([ran.length, told.length, call.flags.size, clock.pending], [0, 0, 0, 0]);
  }
});

test('a retry that is refused ends the call with the refusal', async () => {
  const refusal = rejected('HEDDLE_NO_ENDPOINT', 'no-healthy-endpoint');
  const { clock, result, call } = start({ outcomes: [responded(503), refusal] });
  await clock.advanceAsync(1_000);
  assert.deepEqual(await result, { ...refusal, sent: 'maybe' }, 'the first attempt was sent');
  assert.equal(call.flags.has('URX'), false);
});

test('a POST that may have been sent is not repeated, one that never left is', async () => {
  const request = { method: 'POST' };
  const lost = start({ outcomes: [failed('connection-termination', 'maybe')], request });
  assert.equal((await lost.result).kind, 'failed');
  assert.deepEqual(lost.told, ['not-idempotent']);
  const refused = start({ outcomes: [failed('connection-failure', 'no'), responded(201)], request });
  await refused.clock.advanceAsync(1_000);
  assert.equal((await refused.result).kind, 'response');
});

test('a stream that outgrew the buffer is not repeated', async () => {
  const body = new StreamBody(
    (async function* () {
      yield 'too much';
    })(),
    2,
  );
  for await (const _ of body.read());
  const { told, result } = start({ outcomes: [responded(503)], request: { method: 'PUT', body } });
  await result;
  assert.deepEqual(told, ['body-not-replayable']);
});

test('an empty budget leaves the outcome as it is, with UO', async () => {
  const first = responded(503);
  const { call, ran, told, result } = start({ outcomes: [first], budget: new RetryBudget(null, 0) });
  assert.equal(await result, first);
  assert.deepEqual([...call.flags], ['UO']);
  assert.deepEqual([ran, told], [[], ['retry-overflow']]);
});

test('a retry counts in the budget from its wait to its outcome', async () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(null, 1);
  let end: (outcome: Outcome) => void = () => {};
  const result = retryAttempts({
    call: testCall(),
    first: responded(503),
    policy: POLICY,
    budget,
    active: () => 0,
    clock,
    random: { next: () => 0.5 },
    run: () => new Promise((resolve) => (end = resolve)),
  });
  await clock.advanceAsync(0);
  assert.equal(budget.outstanding, 1);
  await clock.advanceAsync(50);
  assert.equal(budget.outstanding, 1);
  end(responded(200));
  await result;
  assert.equal(budget.outstanding, 0);
});

test("a caller that gives up during the wait ends it at once, with the caller's own reason", async () => {
  const { clock, call, ran, result, budget } = start({ outcomes: [responded(503)] });
  await clock.advanceAsync(10);
  const reason = new Error('changed my mind');
  call.cancel('signal', reason);
  assert.deepEqual(await result, { kind: 'cancelled', cause: reason });
  assert.deepEqual([clock.pending, budget.outstanding, ran.length, call.onCancel], [0, 0, 0, null]);
});

test('a deadline that passes during the wait ends it as a timeout that says whether anything was sent', async () => {
  for (const [first, sent] of [
    [responded(503), 'maybe'],
    [failed('connection-failure', 'no'), 'no'],
    [failed('connection-termination', 'maybe'), 'maybe'],
  ] as const) {
    const { clock, call, result } = start({ outcomes: [first] });
    await clock.advanceAsync(10);
    call.cancel('deadline', undefined);
    const outcome = await result;
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual(
      [outcome.reset, outcome.code, outcome.flag, outcome.sent],
      ['timeout', 'HEDDLE_DEADLINE_EXCEEDED', 'UT', sent],
    );
  }
});

test('a call that was given up while its attempt ended is not tried again', async () => {
  const { ran, result } = start({
    outcomes: [responded(503)],
    prepare: (call) => call.cancel('signal', 'enough'),
  });
  assert.deepEqual(await result, { kind: 'cancelled', cause: 'enough' });
  assert.equal(ran.length, 0);
});

test('too little time for the wait: the last outcome at once', async () => {
  const first = responded(503);
  const { told, result } = start({ outcomes: [first], prepare: (call) => (call.deadlineAt = 50) });
  assert.equal(await result, first);
  assert.deepEqual(told, ['deadline']);
});

test('a run that rejects, which it must not, is not tried again and gives its budget back', async () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(null, 1);
  let runs = 0;
  const bug = new Error('a bug');
  const result = retryAttempts({
    call: testCall(),
    first: responded(503),
    policy: POLICY,
    budget,
    active: () => 0,
    clock,
    random: { next: () => 0.5 },
    run: () => {
      runs += 1;
      return Promise.reject(bug);
    },
  });
  const rejection = assert.rejects(result, bug);
  await clock.advanceAsync(1_000);
  await rejection;
  assert.deepEqual([runs, budget.outstanding], [1, 0]);
});

test('for any outcomes: at most 1 + attempts of them, the last is returned, the budget is whole again', async () => {
  const any = fc.constantFrom('bad', 'good', 'lost', 'refused');
  await fc.assert(
    fc.asyncProperty(fc.array(any, { minLength: 6, maxLength: 6 }), fc.nat(5), async (kinds, attempts) => {
      const outcomes = kinds.map((kind): Outcome => {
        if (kind === 'bad') return responded(503);
        if (kind === 'good') return responded(200);
        return kind === 'lost' ? failed('remote-reset') : rejected('HEDDLE_CIRCUIT_OPEN', 'circuit-open');
      });
      const { clock, ran, result, budget, call } = start({ outcomes, policy: { attempts } });
      await clock.advanceAsync(10_000);
      const last = kinds.findIndex((kind) => kind === 'good' || kind === 'refused');
      const expected = last < 0 ? attempts : Math.min(last, attempts);
      assert.equal(ran.length, expected);
      const ended = outcomes[expected]!;
      const refusedLater = ended.kind === 'rejected' && expected > 0;
      assert.deepEqual(await result, refusedLater ? { ...ended, sent: 'maybe' } : ended);
      assert.equal(budget.outstanding, 0);
      assert.equal(clock.pending, 0);
      const exhausted = expected === attempts && (last < 0 || last > attempts);
      assert.equal(call.flags.has('URX'), exhausted);
    }),
    { numRuns: 50 },
  );
});

test('by default a retry after an attempt that reached nobody costs no budget; where policy sets one it does', async () => {
  const good = responded(200);
  const refused = failed('connection-failure', 'no');
  const policy = { attempts: 2, on: ['connect-failure', '5xx'] as const };
  const full = new RetryBudget(null, undefined);
  while (full.take(0, 0));
  const spared = start({ outcomes: [refused, refused, good], budget: full, policy });
  await spared.clock.advanceAsync(1_000);
  assert.equal(await spared.result, good);
  assert.deepEqual([spared.ran.length, full.outstanding], [2, 3]);
  const limited = start({ outcomes: [refused, good], budget: new RetryBudget(null, 0), policy });
  assert.equal(await limited.result, refused);
  assert.ok(limited.call.flags.has('UO'));
  const answered = responded(503);
  assert.equal(await start({ outcomes: [answered, good], budget: full, policy }).result, answered);
});

test('a call of which one attempt may have been sent does not end as never sent', async () => {
  const last = failed('connection-failure', 'no');
  const both = start({ outcomes: [failed('remote-reset'), last, last] });
  await both.clock.advanceAsync(1_000);
  assert.deepEqual(await both.result, { ...last, sent: 'maybe' });
  const neither = start({ outcomes: [last, last, last], policy: { on: ['connect-failure'] } });
  await neither.clock.advanceAsync(1_000);
  assert.equal(await neither.result, last);
});

test('a pushback is waited for exactly, and the backoff after it is the first again', async () => {
  const pushed = responded(200, { 'grpc-status': '14', 'grpc-retry-pushback-ms': '700' });
  const busy = responded(200, { 'grpc-status': '14' });
  const policy = { attempts: 4, on: ['unavailable'] };
  const { clock, ran, result } = start({ outcomes: [busy, busy, pushed, busy, responded(200)], policy });
  await clock.advanceAsync(10_000);
  assert.equal((await result).kind, 'response');
  assert.deepEqual(ran, [
    [1, 50],
    [2, 150],
    [3, 850],
    [4, 900],
  ]);
});

test('a date that the server names is counted from the wall clock', async () => {
  const limited = responded(503, { 'retry-after': 'Thu, 01 Jan 2026 00:00:02 GMT' });
  const { clock, ran, result } = start({ outcomes: [limited, responded(200)] });
  await clock.advanceAsync(10_000);
  await result;
  assert.deepEqual(ran, [[1, 2_500]]);
});

test('a retry that is left to the caller is paid for here', async () => {
  const clock = new FakeClock();
  const budget = new RetryBudget(null, undefined);
  const stops: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    await retryAttempts({
      call: testCall(),
      first: responded(503),
      policy: POLICY,
      budget,
      active: () => 0,
      repeatedAboveAt: 10,
      run: () => assert.fail('there is no time for it'),
      clock,
      random: { next: () => 0.5 },
      onStop: (because) => stops.push(because),
    });
  }
  assert.deepEqual(stops, [
    ...['retried-above', 'retried-above', 'retried-above'],
    ...['retry-overflow', 'retry-overflow'],
  ]);
  assert.equal(budget.outstanding, 0);
});
