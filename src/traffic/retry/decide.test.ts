import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HeaderFields } from '../../base/headers.js';
import type { Outcome, Reset } from '../../model/outcome.js';
import { cancelled, failed, rejected, responded } from '../../model/testing.js';
import { matchingCondition } from './conditions.js';
import { decideRetry, isIdempotent, type RetryFacts, type RetryVerdict, repeatsWhenLate } from './decide.js';
import type { RetryPolicy } from './policy.js';

const POLICY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: null,
  on: ['5xx'],
  statusCodes: [],
  backoffMs: 25,
  ignorePreviousHosts: true,
  explicit: false,
};

const FACTS: RetryFacts = {
  outcome: responded(503),
  method: 'GET',
  bodyReplayable: true,
  retriesSoFar: 0,
  deadlineRemainingMs: Number.POSITIVE_INFINITY,
  budgetAllows: true,
  random: { next: () => 0.5 },
};

const decide = (policy: Partial<RetryPolicy> = {}, facts: Partial<RetryFacts> = {}) =>
  decideRetry({ ...POLICY, ...policy }, { ...FACTS, ...facts });

const RESETS: readonly Reset[] = [
  'connection-failure',
  'connection-timeout',
  'connection-termination',
  'remote-reset',
  'refused-stream',
  'protocol-error',
  'per-try-timeout',
  'local-reset',
  'timeout',
];
const STATUSES = [200, 301, 400, 404, 409, 425, 429, 500, 501, 502, 503, 504, 599];
const ANY_RESET = RESETS.filter((reset) => reset !== 'timeout');

/** What each word matches, all else it must not. */
const words: Readonly<
  Record<string, { statuses: readonly number[]; resets: readonly Reset[]; grpc?: string }>
> = {
  '5xx': { statuses: [500, 501, 502, 503, 504, 599], resets: ANY_RESET },
  'gateway-error': { statuses: [502, 503, 504], resets: ANY_RESET },
  reset: { statuses: [], resets: ANY_RESET },
  'connect-failure': { statuses: [], resets: ['connection-failure', 'connection-timeout'] },
  'refused-stream': { statuses: [], resets: ['refused-stream'] },
  'retriable-4xx': { statuses: [409], resets: [] },
  'retriable-status-codes': { statuses: [425, 429], resets: [] },
  'retriable-headers': { statuses: [], resets: [] },
  'envoy-ratelimited': { statuses: [], resets: [] },
  'http3-post-connect-failure': { statuses: [], resets: [] },
  cancelled: { statuses: [], resets: [], grpc: '1' },
  'deadline-exceeded': { statuses: [], resets: [], grpc: '4' },
  'resource-exhausted': { statuses: [], resets: [], grpc: '8' },
  internal: { statuses: [], resets: [], grpc: '13' },
  unavailable: { statuses: [], resets: [], grpc: '14' },
  constructor: { statuses: [], resets: [] },
};

for (const [word, expected] of Object.entries(words)) {
  test(`${word} matches exactly what Envoy says`, () => {
    const policy = { ...POLICY, on: [word], statusCodes: [425, 429] };
    const matches = (outcome: Outcome) => matchingCondition(policy, outcome) === word;
    assert.deepEqual(
      STATUSES.filter((status) => matches(responded(status))),
      expected.statuses,
    );
    assert.deepEqual(
      RESETS.filter((reset) => matches(failed(reset))),
      expected.resets,
    );
    const codes = Array.from({ length: 17 }, (_, code) => String(code));
    const grpc = codes.filter((code) => matches(responded(200, { 'grpc-status': code })));
    assert.deepEqual(grpc, expected.grpc === undefined ? [] : [expected.grpc]);
  });
}

test('reset-before-request matches a reset of which no byte was sent, no other', () => {
  const policy = { ...POLICY, on: ['reset-before-request'] };
  assert.equal(matchingCondition(policy, failed('connection-termination', 'no')), 'reset-before-request');
  assert.equal(matchingCondition(policy, failed('connection-termination', 'maybe')), undefined);
  assert.equal(matchingCondition(policy, responded(503)), undefined);
});

test('a response that is rate limited asks for envoy-ratelimited, and nothing else is consulted', () => {
  const limited = responded(503, { 'x-envoy-ratelimited': 'true' });
  assert.equal(matchingCondition({ ...POLICY, on: ['5xx'] }, limited), undefined);
  assert.equal(
    matchingCondition({ ...POLICY, on: ['5xx', 'envoy-ratelimited'] }, limited),
    'envoy-ratelimited',
  );
});

test('the word that matched first is the reason', () => {
  const policy = { ...POLICY, on: ['connect-failure', 'gateway-error', '5xx'] };
  assert.equal(matchingCondition(policy, responded(503)), 'gateway-error');
});

test('neither what we refused, nor what was given up, nor what the mesh answered, is ever tried again', () => {
  const never: readonly Outcome[] = [
    rejected('HEDDLE_OVERLOADED', 'overflow'),
    rejected('HEDDLE_CIRCUIT_OPEN', 'circuit-open'),
    rejected('HEDDLE_NO_ENDPOINT', 'no-healthy-endpoint'),
    cancelled,
    failed('timeout', 'no'),
    { ...responded(503), local: 'policy' },
  ];
  const policy = { on: Object.keys(words), explicit: true };
  for (const outcome of never) {
    assert.deepEqual(decide(policy, { outcome }), { kind: 'stop', because: 'no-condition' });
  }
});

test('attempts: 0, which only a caller can ask for, is a limit that is reached at once', () => {
  assert.deepEqual(decide({ attempts: 0 }), { kind: 'stop', because: 'limit' });
});

test('idempotent methods are those of RFC 9110', () => {
  const methods = [
    'GET',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'PUT',
    'DELETE',
    'POST',
    'PATCH',
    'CONNECT',
    'get',
    'X',
  ];
  assert.deepEqual(methods.filter(isIdempotent), ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
});

const never = failed('connection-failure', 'no');
const maybe = failed('connection-termination', 'maybe');
const safety: readonly [string, Outcome, 'GET' | 'POST', boolean, boolean, string][] = [
  ['GET, answered 503', responded(503), 'GET', false, true, 'retry'],
  ['POST, answered 503', responded(503), 'POST', false, true, 'not-idempotent'],
  ['POST, answered 503, retries asked for', responded(503), 'POST', true, true, 'retry'],
  ['GET, may have been sent', maybe, 'GET', false, true, 'retry'],
  ['POST, may have been sent', maybe, 'POST', false, true, 'not-idempotent'],
  ['POST, may have been sent, retries asked for', maybe, 'POST', true, true, 'retry'],
  ['POST, never left', never, 'POST', false, true, 'retry'],
  ['GET with a body that is gone', responded(503), 'GET', true, false, 'body-not-replayable'],
  ['POST, never left, its body gone', never, 'POST', true, false, 'body-not-replayable'],
];

for (const [name, outcome, method, explicit, bodyReplayable, expected] of safety) {
  test(`${name}: ${expected}`, () => {
    const verdict = decide({ explicit }, { outcome, method, bodyReplayable });
    assert.equal(verdict.kind === 'retry' ? 'retry' : verdict.because, expected);
  });
}

test('attempts counts retries: two allow a second and a third attempt, and no fourth', () => {
  const kinds = [0, 1, 2].map((retriesSoFar) => decide({}, { retriesSoFar }));
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['retry', 'retry', 'stop'],
  );
  assert.equal(kinds[2]!.because, 'limit');
});

test('an empty budget stops, after the limit was asked', () => {
  assert.equal(decide({}, { budgetAllows: false }).because, 'retry-overflow');
  assert.equal(decide({}, { budgetAllows: false, retriesSoFar: 2 }).because, 'limit');
});

test('the wait is jittered and doubles: half the dice is half the ceiling', () => {
  const delays = [0, 1, 2, 3, 4, 5].map((retriesSoFar) => decide({ attempts: 10 }, { retriesSoFar }));
  assert.deepEqual(
    delays.map((verdict) => verdict.kind === 'retry' && verdict.delayMs),
    [12, 25, 50, 100, 125, 125],
  );
});

test('a wait that would outlast the call is not begun', () => {
  assert.equal(decide({}, { deadlineRemainingMs: 12 }).because, 'deadline');
  assert.equal(decide({}, { deadlineRemainingMs: 13 }).kind, 'retry');
  assert.equal(decide({}, { deadlineRemainingMs: -1 }).because, 'deadline');
});

test('425 is tried again at once', () => {
  const policy = { on: ['retriable-status-codes'], statusCodes: [425] };
  const verdict = decide(policy, { outcome: responded(425), retriesSoFar: 1 });
  assert.deepEqual(verdict, { kind: 'retry', delayMs: 0, because: 'retriable-status-codes' });
});

const WALL = Date.UTC(2026, 0, 1);
const resets: readonly [string, HeaderFields, number][] = [
  ['seconds', { 'retry-after': '2' }, 2_500],
  ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:10 GMT' }, 12_500],
  ['a date in the obsolete form', { 'retry-after': 'Thursday, 01-Jan-26 00:00:10 GMT' }, 12_500],
  ['a date of asctime', { 'retry-after': 'Thu Jan  1 00:00:10 2026' }, 12_500],
  ['a date that has passed: ours', { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }, 12],
  ['five minutes', { 'retry-after': '300' }, 375_000],
  ['more than five minutes: ours', { 'retry-after': '301' }, 12],
  ['none: ours', { 'retry-after': '0' }, 12],
  ['nonsense: ours', { 'retry-after': '-5' }, 12],
  ['more nonsense: ours', { 'retry-after': '1e2' }, 12],
  ['very much nonsense: ours', { 'retry-after': `Thu, ${'0'.repeat(100)}` }, 12],
  ['seconds until a reset', { 'x-ratelimit-reset': '4' }, 5_000],
  ['the second of a reset', { 'x-ratelimit-reset': String(WALL / 1_000 + 4) }, 5_000],
  ['a reset in the standard’s header', { 'ratelimit-reset': '8' }, 10_000],
  ['the first that can be believed', { 'retry-after': '400', 'x-ratelimit-reset': '2' }, 2_500],
  ['the first of two', { 'retry-after': '2', 'x-ratelimit-reset': '4' }, 2_500],
];
for (const [name, headers, delayMs] of resets) {
  test(`a response that limits us names ${name}`, () => {
    const limited = responded(200, { 'x-envoy-ratelimited': 'true', ...headers });
    const ratelimited = decide({ on: ['envoy-ratelimited'] }, { outcome: limited, wallNow: WALL });
    assert.deepEqual(ratelimited, { kind: 'retry', delayMs, because: 'envoy-ratelimited' });
    for (const status of [429, 503]) {
      const policy = { on: ['retriable-status-codes'], statusCodes: [429, 503] };
      const verdict = decide(policy, { outcome: responded(status, headers), wallNow: WALL });
      assert.deepEqual(verdict, { kind: 'retry', delayMs, because: 'retriable-status-codes' });
    }
    const broken = decide({}, { outcome: responded(500, headers), wallNow: WALL });
    assert.deepEqual(broken, { kind: 'retry', delayMs: 12, because: '5xx' });
  });
}

test('a wait that the server names is spread over half as much again', () => {
  const outcome = responded(429, { 'x-envoy-ratelimited': 'true', 'retry-after': '2' });
  const delays = [0, 0.999].map((draw) =>
    decide({ on: ['envoy-ratelimited'] }, { outcome, random: { next: () => draw } }),
  );
  assert.deepEqual(
    delays.map((verdict) => verdict.kind === 'retry' && verdict.delayMs),
    [2_000, 2_999],
  );
});

test('a wait that the server names and that outlasts the call ends it', () => {
  const outcome = responded(503, { 'retry-after': '2' });
  assert.equal(decide({}, { outcome, deadlineRemainingMs: 2_500 }).because, 'deadline');
  assert.equal(decide({}, { outcome, deadlineRemainingMs: 2_501 }).kind, 'retry');
});

const pushbacks: readonly [string, RetryVerdict][] = [
  ['0', { kind: 'retry', delayMs: 0, because: 'unavailable', restarts: true }],
  ['700', { kind: 'retry', delayMs: 700, because: 'unavailable', restarts: true }],
  ['-1', { kind: 'stop', because: 'pushback' }],
  ['soon', { kind: 'stop', because: 'pushback' }],
  ['2147483648', { kind: 'stop', because: 'pushback' }],
];
for (const [value, expected] of pushbacks) {
  test(`a gRPC server that pushes back with ${value}: ${expected.because}`, () => {
    const outcome = responded(200, { 'grpc-status': '14', 'grpc-retry-pushback-ms': value });
    assert.deepEqual(decide({ on: ['unavailable'] }, { outcome, retriesSoFar: 1 }), expected);
  });
}

test('after a pushback the backoff begins anew', () => {
  const delayMs = (backoffs: number) => {
    const verdict = decide({ attempts: 9 }, { retriesSoFar: 3, backoffs });
    return verdict.kind === 'retry' && verdict.delayMs;
  };
  assert.deepEqual([delayMs(0), delayMs(1), delayMs(3)], [12, 25, 100]);
});

test('what was retried below is not retried here; a gRPC failure neither', () => {
  const spent = { 'x-heddle-retries': 'spent' };
  assert.equal(decide({}, { outcome: responded(503, spent) }).because, 'spent-below');
  assert.equal(decide({ explicit: true }, { outcome: responded(503, spent) }).because, 'spent-below');
  const grpc = responded(200, { 'grpc-status': '14', ...spent });
  assert.equal(decide({ on: ['unavailable'] }, { outcome: grpc }).because, 'spent-below');
  const conflict = responded(409, spent);
  assert.equal(decide({ on: ['retriable-4xx'] }, { outcome: conflict }).kind, 'retry', 'is no failure below');
  assert.equal(decide({}, { outcome: responded(503, { 'x-heddle-retries': 'x' }) }).kind, 'retry');
});

test('for a retry of the caller’s only what reached nobody is tried again', () => {
  const repeatedAbove = true;
  assert.equal(decide({}, { repeatedAbove }).because, 'repeated-above');
  assert.equal(decide({ explicit: true }, { outcome: maybe, repeatedAbove }).because, 'repeated-above');
  assert.equal(decide({}, { outcome: never, repeatedAbove }).kind, 'retry');
});

test('no retry begins that would still run when the caller asks again', () => {
  const late = (remainingMs: number, outcome: Outcome = responded(503)) =>
    decide({}, { outcome, late: { remainingMs, lastedMs: 100 } });
  assert.equal(late(111).because, 'retried-above');
  assert.equal(late(112).kind, 'retry');
  assert.equal(late(0, never).kind, 'retry');
});

test('retriable-headers matches the fields that are named, whatever they say', () => {
  const policy = { ...POLICY, on: ['retriable-headers'], headerNames: ['x-try-again', 'x-busy'] };
  assert.equal(matchingCondition(policy, responded(200, { 'x-busy': '' })), 'retriable-headers');
  assert.equal(matchingCondition(policy, responded(503, { 'x-other': '1' })), undefined);
  assert.equal(matchingCondition(policy, failed('remote-reset')), undefined);
});

test('whatever the facts, what is not safe to repeat is not repeated', () => {
  const outcomes = [
    ...STATUSES.map((status) => responded(status)),
    ...RESETS.map((reset) => failed(reset)),
    never,
  ];
  fc.assert(
    fc.property(
      fc.record({
        outcome: fc.constantFrom<Outcome>(...outcomes),
        method: fc.constantFrom('GET', 'POST', 'PATCH', 'PUT'),
        bodyReplayable: fc.boolean(),
        retriesSoFar: fc.nat(4),
        deadlineRemainingMs: fc.constantFrom(0, 10, 1_000, Number.POSITIVE_INFINITY),
        budgetAllows: fc.boolean(),
      }),
      fc.record({
        on: fc.subarray(Object.keys(words)),
        explicit: fc.boolean(),
        attempts: fc.nat(4),
        statusCodes: fc.subarray(STATUSES),
      }),
      (facts, policy) => {
        const verdict = decide(policy, facts);
        if (verdict.kind !== 'retry') return;
        assert.ok(facts.bodyReplayable && facts.budgetAllows);
        assert.ok(facts.retriesSoFar < policy.attempts);
        assert.ok(verdict.delayMs >= 0 && verdict.delayMs < facts.deadlineRemainingMs);
        assert.ok(policy.on.includes(verdict.because));
        const safe = facts.outcome.kind === 'failed' && facts.outcome.sent === 'no';
        assert.ok(safe || policy.explicit || isIdempotent(facts.method));
      },
    ),
  );
});

test('a late attempt is repeated if policy has a word for it, a retry left, and the method allows it', () => {
  const repeats = (changes: Partial<RetryPolicy>, method = 'GET', retriesSoFar = 0) =>
    repeatsWhenLate({ ...POLICY, ...changes }, method, retriesSoFar);
  assert.deepEqual(
    Object.keys(words).filter((word) => repeats({ on: [word] })),
    ['5xx', 'gateway-error', 'reset'],
  );
  assert.deepEqual([repeats({}, 'GET', 1), repeats({}, 'GET', 2), repeats({}, 'POST')], [true, false, false]);
  assert.equal(repeats({ explicit: true }, 'POST'), true);
});
