import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyFields } from '../../base/headers.js';
import { seededRandom } from '../../base/testing.js';
import { failed, responded, testAttempt, testCall, testEndpoint } from '../../model/testing.js';
import { type CheckResult, IMMEDIATE_FAIL_HEADER, nextCheckMs, resultOfStatus } from './decide.js';
import { healthFilter } from './filter.js';
import { grpcHealthRequest, resultOfGrpc } from './grpc.js';
import { type HealthCheckPolicy, healthCheckFrom } from './policy.js';
import { HealthState } from './state.js';

const POLICY = healthCheckFrom({ unhealthyThreshold: 3, healthyThreshold: 2, jitterPercent: 0 });

function make(changes: Partial<HealthCheckPolicy> = {}, count = 3) {
  const endpoints = Array.from({ length: count }, (_, index) => testEndpoint(index + 1));
  const events: string[] = [];
  const state = new HealthState({
    policy: { ...POLICY, ...changes } as HealthCheckPolicy,
    onHealthy: ({ endpoint }) => events.push(`${endpoint.address} healthy`),
    onUnhealthy: ({ endpoint }, because) => events.push(`${endpoint.address} ${because}`),
    onPassed: ({ endpoint }) => events.push(`${endpoint.address} passed`),
  });
  state.update(endpoints);
  const record = (index: number, ...results: CheckResult[]) => {
    for (const result of results) state.record(endpoints[index]!, result);
  };
  return { endpoints, events, state, record, picked: () => endpoints.map(({ unavailable }) => !unavailable) };
}

test('before any result all endpoints are picked from: no start is an outage', () => {
  const { picked } = make();
  assert.deepEqual(picked(), [true, true, true]);
});

test('the first pass of a new endpoint is enough; those not known yet wait once as many are well', () => {
  const { picked, record, events } = make({}, 4);
  record(1, 'passed');
  assert.deepEqual(picked(), [true, true, true, true]);
  assert.deepEqual(events, ['10.0.0.2 healthy', '10.0.0.2 passed']);
  record(0, 'passed');
  assert.deepEqual(picked(), [true, true, false, false]);
  record(3, 'passed');
  assert.deepEqual(picked(), [true, true, false, true]);
});

test('the first failure of a new endpoint is enough, too, and then it needs the threshold to come back', () => {
  const { picked, record } = make({}, 2);
  record(0, 'unreachable');
  assert.deepEqual(picked(), [false, true], 'who is not known yet stands in');
  record(0, 'passed');
  assert.deepEqual(picked(), [false, true]);
  record(0, 'passed');
  assert.deepEqual(picked(), [true, false]);
});

test('an endpoint that joins others that are well waits for its first pass', () => {
  const { endpoints, state, picked, record } = make();
  state.update(endpoints.slice(0, 2));
  record(0, 'passed');
  record(1, 'passed');
  state.update(endpoints);
  assert.deepEqual(picked(), [true, true, false]);
  record(2, 'passed');
  assert.deepEqual(picked(), [true, true, true]);
});

test('broken connections and silence count up to the threshold, in a row; one pass begins anew', () => {
  const { picked, record, events } = make({}, 1);
  record(0, 'passed', 'timeout', 'unreachable', 'passed', 'unreachable', 'timeout');
  assert.deepEqual(picked(), [true]);
  record(0, 'timeout');
  assert.deepEqual(picked(), [false]);
  assert.equal(events.at(-1), '10.0.0.1 timeout');
});

for (const result of ['unexpected-status', 'not-serving', 'told'] as const) {
  test(`${result} is believed at once, whatever the threshold`, () => {
    const { picked, record } = make({}, 1);
    record(0, 'passed', result);
    assert.deepEqual(picked(), [false]);
  });
}

test('an endpoint that is out comes back after so many passes in a row', () => {
  const { picked, record, events } = make({ healthyThreshold: 3 }, 1);
  record(0, 'passed', 'told', 'passed', 'passed', 'unreachable', 'passed', 'passed');
  assert.deepEqual(picked(), [false]);
  record(0, 'passed');
  assert.deepEqual(picked(), [true]);
  assert.deepEqual(events.slice(-2), ['10.0.0.1 healthy', '10.0.0.1 passed']);
});

test('what is unknown changes nothing, and breaks no row', () => {
  const { picked, record, events } = make({}, 1);
  record(0, 'unknown');
  record(0, 'passed', 'unreachable', 'unknown', 'unreachable', 'unknown', 'unreachable');
  assert.deepEqual(picked(), [false]);
  assert.equal(events.length, 3);
});

test('every pass of a healthy endpoint is told: outlier detection lets it back then', () => {
  const { record, events } = make({}, 1);
  record(0, 'passed', 'passed', 'told', 'passed', 'passed');
  assert.deepEqual(events, [
    '10.0.0.1 healthy',
    '10.0.0.1 passed',
    '10.0.0.1 passed',
    '10.0.0.1 told',
    '10.0.0.1 healthy',
    '10.0.0.1 passed',
  ]);
});

test('an endpoint that leaves is forgotten; when the last healthy one leaves, those not known yet stand in', () => {
  const { endpoints, state, picked, record } = make();
  record(0, 'passed');
  record(1, 'told');
  assert.deepEqual(picked(), [true, false, false]);
  state.update(endpoints.slice(1));
  assert.deepEqual(picked(), [true, false, true]);
  assert.equal(state.healthOf(endpoints[0]!), null);
  state.update(endpoints);
  assert.equal(state.healthOf(endpoints[0]!), 'pending');
  record(2, 'passed');
  assert.deepEqual(picked(), [false, false, true]);
});

test('late results of an endpoint that left are not remembered; dispose lets all be picked', () => {
  const { endpoints, state, picked, record, events } = make();
  state.update([]);
  record(0, 'told');
  assert.deepEqual(picked(), [true, true, true]);
  state.update(endpoints);
  record(0, 'told');
  record(1, 'passed');
  state.dispose();
  assert.deepEqual(picked(), [true, true, true]);
  assert.deepEqual(events, ['10.0.0.1 told', '10.0.0.2 healthy', '10.0.0.2 passed']);
});

test('being ejected and being unhealthy are two things: both have to end', () => {
  const { endpoints, record } = make({}, 1);
  const [endpoint] = endpoints;
  record(0, 'passed', 'told');
  endpoint!.ejected = true;
  record(0, 'passed', 'passed');
  assert.equal(endpoint!.unavailable, true);
  endpoint!.ejected = false;
  assert.equal(endpoint!.unavailable, false);
});

test('whatever happens: an unhealthy endpoint is never picked from, a healthy one always, others while they are more', () => {
  const results = fc.constantFrom<CheckResult>('passed', 'told', 'unreachable', 'timeout', 'unknown');
  const step = fc.oneof(
    fc.record({ index: fc.nat(3), result: results }),
    fc.record({ present: fc.subarray([0, 1, 2, 3]) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { endpoints, state, record } = make({}, 4);
      for (const one of steps) {
        if ('present' in one) state.update(one.present.map((index) => endpoints[index]!));
        else record(one.index, one.result);
        const healths = endpoints.map((endpoint) => state.healthOf(endpoint));
        const count = (wanted: string) => healths.filter((health) => health === wanted).length;
        const known = count('healthy') > 0 && count('healthy') >= count('pending');
        for (const [index, health] of healths.entries()) {
          const may = health === null || health === 'healthy' || (health === 'pending' && !known);
          assert.equal(endpoints[index]!.healthy, may, `${healths}`);
        }
      }
    }),
  );
});

test('the wait is the interval, that of unhealthy endpoints, or that of clusters nobody calls', () => {
  const policy = { ...POLICY, intervalMs: 1_000, unhealthyIntervalMs: 300, noTrafficIntervalMs: 60_000 };
  const wait = (failed: boolean, used: boolean) => nextCheckMs(policy, { failed, used }, seededRandom(1));
  assert.deepEqual(
    [wait(false, true), wait(true, true), wait(false, false), wait(true, false)],
    [1_000, 300, 60_000, 60_000],
  );
});

test('jitter adds up to its share, never takes away, and a wait is never nothing', () => {
  const policy = { ...POLICY, intervalMs: 1_000, jitterPercent: 20 };
  const facts = { failed: false, used: true };
  assert.equal(nextCheckMs(policy, facts, { next: () => 0 }), 1_000);
  assert.equal(nextCheckMs(policy, facts, { next: () => 0.5 }), 1_100);
  assert.equal(nextCheckMs(policy, facts, { next: () => 0.9999 }), 1_199);
  assert.equal(nextCheckMs({ ...policy, intervalMs: 0 }, facts, { next: () => 0 }), 1);
});

test('statuses are expected from the start of a range to before its end', () => {
  const ranges = [
    { start: 200, end: 205 },
    { start: 404, end: 405 },
  ];
  const passed = [199, 200, 204, 205, 403, 404, 405].filter(
    (status) => resultOfStatus(status, ranges) === 'passed',
  );
  assert.deepEqual(passed, [200, 204, 404]);
  assert.equal(resultOfStatus(503, ranges), 'unexpected-status');
});

test('the answer to a call can say: leave me out', () => {
  const { endpoints, picked, state, record } = make();
  for (const index of [0, 1, 2]) record(index, 'passed');
  const filter = healthFilter(state);
  const attempt = testAttempt(testCall(), endpoints[1]!);
  assert.equal(filter.admit(attempt), null);
  filter.settle!(attempt, responded(500));
  filter.settle!(attempt, failed('connection-termination'));
  const headers = Object.assign(emptyFields(), { [IMMEDIATE_FAIL_HEADER]: 'true' });
  filter.settle!(attempt, { ...responded(200, headers), local: 'FI' });
  assert.deepEqual(picked(), [true, true, true]);
  filter.settle!(attempt, responded(200, headers));
  assert.deepEqual(picked(), [true, false, true]);
});

test('the request of gRPC health names the service, or nothing for the server as a whole', () => {
  assert.deepEqual([...grpcHealthRequest('')], [0, 0, 0, 0, 0]);
  assert.deepEqual([...grpcHealthRequest('a.B')], [0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42]);
  const long = grpcHealthRequest('x'.repeat(300));
  assert.deepEqual([...long.subarray(0, 8)], [0, 0, 0, 1, 47, 0x0a, 0xac, 0x02]);
  assert.equal(long.length, 5 + 303);
});

const answer = (body: number[], changes: object = {}) => ({
  status: 200,
  headers: emptyFields(),
  trailers: { 'grpc-status': '0' },
  body: Uint8Array.from(body),
  ...changes,
});

test('only SERVING passes', () => {
  assert.equal(resultOfGrpc(answer([0, 0, 0, 0, 2, 8, 1])), 'passed');
  for (const status of [0, 2, 3]) {
    assert.equal(resultOfGrpc(answer([0, 0, 0, 0, 2, 8, status])), 'not-serving');
  }
  assert.equal(resultOfGrpc(answer([0, 0, 0, 0, 0])), 'not-serving');
  assert.equal(resultOfGrpc(answer([], { trailers: null, headers: { 'grpc-status': '12' } })), 'not-serving');
  assert.equal(
    resultOfGrpc(answer([0, 0, 0, 0, 2, 8, 1], { trailers: { 'grpc-status': '5' } })),
    'not-serving',
  );
  assert.equal(resultOfGrpc(answer([0, 0, 0, 0, 2, 8, 1], { status: 503 })), 'unexpected-status');
});

test('an answer that is no answer never passes by chance, and never throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const serving = bytes.length === 7 && [0, 0, 0, 0, 2, 8, 1].every((byte, at) => bytes[at] === byte);
      if (!serving && resultOfGrpc(answer([...bytes])) === 'passed') {
        // Said more than once: the last one counts, as protobuf has it.
        assert.deepEqual([...bytes.subarray(-2)], [8, 1]);
      }
    }),
  );
});
