import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import type { Outcome } from '../../model/outcome.js';
import type { ResponseBody } from '../../model/response-body.js';
import { testCall } from '../../model/testing.js';
import { faultFilter } from './filter.js';
import { grpcCodeOf, grpcCodeOfHttp, httpStatusOfGrpc } from './grpc-status.js';
import type { FaultPolicy } from './policy.js';

function make(policy: FaultPolicy | null, headers: Record<string, string> = {}) {
  const clock = new FakeClock();
  const call = testCall({ headers });
  const filter = faultFilter({ faultOf: () => policy, clock, random: { next: () => 0.5 } });
  return { clock, call, admit: () => filter.admit(call) };
}

const DELAY = { percent: 100, fixedDelayMs: 2_000 };
const ABORT = { percent: 100, httpStatus: 418 };

function textOf(body: ResponseBody): string {
  let text = '';
  body.attach({
    onData: (chunk) => {
      text += Buffer.from(chunk).toString();
      return true;
    },
    onEnd: () => {},
    onError: (error) => assert.fail(error),
  });
  return text;
}

test('no policy, an empty one, and dice that miss: the call goes on at once', () => {
  for (const policy of [null, {}, { delay: { ...DELAY, percent: 50 }, abort: { ...ABORT, percent: 50 } }]) {
    const { call, admit } = make(policy);
    assert.equal(admit(), null);
    assert.equal(call.flags.size, 0);
  }
});

test("an abort answers at once with Envoy's body and the flag FI", () => {
  const { call, admit } = make({ abort: ABORT });
  const outcome = admit() as Outcome;
  assert.ok(outcome.kind === 'response');
  assert.deepEqual([outcome.status, outcome.local, [...call.flags]], [418, 'FI', ['FI']]);
  assert.deepEqual({ ...outcome.headers }, { 'content-type': 'text/plain', 'content-length': '18' });
  assert.equal(textOf(outcome.body), 'fault filter abort');
});

test('a delay holds the call for as long as it says, then lets it go on, with DI', async () => {
  const { clock, call, admit } = make({ delay: DELAY });
  let outcome: Outcome | null | undefined;
  void Promise.resolve(admit()).then((result) => (outcome = result));
  await clock.advanceAsync(1_999);
  assert.equal(outcome, undefined);
  await clock.advanceAsync(1);
  assert.equal(outcome, null);
  assert.deepEqual([...call.flags], ['DI']);
  assert.equal(call.onCancel, null);
});

test('a delay comes before an abort', async () => {
  const { clock, call, admit } = make({ delay: DELAY, abort: ABORT });
  const result = admit();
  await clock.advanceAsync(2_000);
  const outcome = await result;
  assert.ok(outcome?.kind === 'response' && outcome.status === 418);
  assert.deepEqual([...call.flags], ['DI', 'FI']);
});

test('a caller that gives up during the delay ends it', async () => {
  const { clock, call, admit } = make({ delay: DELAY, abort: ABORT });
  const result = admit();
  call.cancel('signal', 'enough');
  assert.deepEqual(await result, { kind: 'cancelled', cause: 'enough' });
  assert.equal(clock.pending, 0);
});

test('a deadline during the delay is a timeout of a call that was never sent', async () => {
  const { call, admit } = make({ delay: DELAY });
  const result = admit();
  call.cancel('deadline', undefined);
  const outcome = await result;
  assert.ok(outcome?.kind === 'failed');
  assert.deepEqual([outcome.reset, outcome.sent, outcome.flag], ['timeout', 'no', 'UT']);
});

const GRPC = { 'content-type': 'application/grpc+proto' };
const aborts: readonly [
  string,
  FaultPolicy['abort'] & object,
  Record<string, string>,
  number,
  string | undefined,
][] = [
  ['gRPC status to gRPC', { percent: 100, grpcStatus: 'UNAVAILABLE' }, GRPC, 200, '14'],
  ['gRPC status to plain HTTP', { percent: 100, grpcStatus: 'UNAVAILABLE' }, {}, 503, undefined],
  ['HTTP status to gRPC', { percent: 100, httpStatus: 404 }, GRPC, 200, '12'],
  ['a gRPC status that is none', { percent: 100, grpcStatus: 'NONSENSE' }, GRPC, 200, '2'],
];
for (const [name, abort, headers, status, grpcStatus] of aborts) {
  test(`abort by ${name}`, () => {
    const outcome = make({ abort }, headers).admit() as Outcome;
    assert.ok(outcome.kind === 'response');
    assert.deepEqual([outcome.status, outcome.headers['grpc-status']], [status, grpcStatus]);
    assert.equal(textOf(outcome.body), grpcStatus === undefined ? 'fault filter abort' : '');
  });
}

test("gRPC and HTTP statuses convert by Envoy's tables", () => {
  const names = ['OK', 'CANCELLED', 'DEADLINE_EXCEEDED', 'UNAVAILABLE', 'UNAUTHENTICATED', ''];
  assert.deepEqual(names.map(grpcCodeOf), [0, 1, 4, 14, 16, 2]);
  assert.deepEqual([0, 1, 4, 14, 16, 99].map(httpStatusOfGrpc), [200, 499, 504, 503, 401, 500]);
  assert.deepEqual(
    [400, 401, 403, 404, 429, 502, 503, 504, 500, 418].map(grpcCodeOfHttp),
    [13, 16, 7, 12, 14, 14, 14, 14, 2, 2],
  );
});
