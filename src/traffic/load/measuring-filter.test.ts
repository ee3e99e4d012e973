import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { latencyOf } from '../../model/latency.js';
import type { Outcome } from '../../model/outcome.js';
import {
  cancelled,
  failed,
  rejected,
  responded,
  testAttempt,
  testCall,
  testEndpoint,
} from '../../model/testing.js';
import { measuringLoadFilter } from './measuring-filter.js';

const DECAY_MS = 10_000;

function make() {
  const clock = new FakeClock();
  const endpoint = testEndpoint(1);
  const filter = measuringLoadFilter(clock, DECAY_MS, [endpoint]);
  /** An attempt that takes so long; what is believed after it. */
  const attempt = (tookMs: number, outcome: Outcome): number => {
    const one = testAttempt(testCall({}, clock.now()), endpoint);
    filter.admit(one);
    clock.advance(tookMs);
    filter.settle!(one, outcome);
    filter.release!(one);
    return Math.round(latencyOf(endpoint, clock.now(), DECAY_MS) * 1_000) / 1_000;
  };
  return { clock, endpoint, filter, attempt };
}

test('it counts what is in flight, as the load filter does', () => {
  const { endpoint, filter } = make();
  const attempt = testAttempt(testCall(), endpoint);
  assert.equal(filter.name, 'load');
  assert.equal(filter.admit(attempt), null);
  assert.equal(endpoint.inFlight, 1);
  filter.release!(attempt);
  assert.equal(endpoint.inFlight, 0);
});

test('a longer latency is believed at once, a shorter one as what was believed fades', () => {
  const { clock, attempt } = make();
  assert.equal(attempt(10, responded(200)), 10);
  assert.equal(attempt(1_000, responded(404)), 1_000);
  assert.equal(attempt(10, responded(200)), 999);
  clock.advance(9_990);
  assert.equal(attempt(0, responded(200)), 367.879);
  clock.advance(100_000);
  assert.equal(attempt(10, responded(200)), 10);
});

const failures: readonly [string, Outcome][] = [
  ['a server error', responded(500)],
  ['too many requests', responded(429)],
  ['a gRPC status that is a failure', responded(200, { 'grpc-status': '14' })],
  ['a failed connection', failed('connection-failure', 'no')],
  ['a reset', failed('remote-reset')],
  ['a per-try timeout', failed('per-try-timeout')],
];
for (const [name, outcome] of failures)
  test(`${name} doubles what is believed, up to the decay, and counts as long as it took`, () => {
    const { attempt } = make();
    attempt(10, responded(200));
    assert.equal(attempt(0, outcome), 20);
    assert.equal(attempt(0, outcome), 40);
    assert.equal(attempt(500, outcome), 500);
    for (let time = 0; time < 20; time += 1) attempt(0, outcome);
    assert.equal(attempt(0, outcome), DECAY_MS);
    assert.equal(attempt(30_000, outcome), 30_000);
  });

test('a gRPC status that says something of the call only is a success', () => {
  const { attempt } = make();
  attempt(10, responded(200));
  for (const status of ['0', '1', '3', '5', '7', '16'])
    assert.equal(attempt(0, responded(200, { 'grpc-status': status })), 10);
});

test('a failure of an endpoint that was never seen to succeed counts as twice of what is typical', () => {
  const { clock, endpoint, filter } = make();
  const other = testEndpoint(2);
  for (const [one, outcome] of [
    [endpoint, responded(200)],
    [other, failed('connection-failure', 'no')],
  ] as const) {
    const attempt = testAttempt(testCall({}, clock.now()), one);
    filter.admit(attempt);
    clock.advance(one === endpoint ? 30 : 1);
    filter.settle!(attempt, outcome);
  }
  assert.equal(other.latencyMs, 60);
  const later = measuringLoadFilter(clock, DECAY_MS, [endpoint, other]);
  const third = testEndpoint(3);
  later.settle!(testAttempt(testCall({}, clock.now()), third), responded(503));
  assert.equal(third.latencyMs, 90);
});

test('whoever gives up says how long it took at least', () => {
  const { attempt } = make();
  attempt(10, responded(200));
  for (const outcome of [cancelled, failed('local-reset')]) assert.equal(attempt(0, outcome), 10);
  assert.equal(attempt(300, cancelled), 300);
});

test('what the mesh itself refused or answered says nothing', () => {
  const { endpoint, attempt } = make();
  attempt(10, rejected('HEDDLE_OVERLOADED', 'overflow'));
  attempt(10, { ...responded(503), local: 'FI' });
  assert.equal(endpoint.latencyMs, 0);
});

test('a success within one tick of the clock is known, too', () => {
  const { endpoint, attempt } = make();
  attempt(0, responded(200));
  assert.ok(endpoint.latencyMs > 0);
});
