import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitsTrailers, concludedBy, httpEquivalent, statusOfEnded } from './grpc-end.js';
import type { Outcome, Responded } from './outcome.js';
import { ResponseBody } from './response-body.js';
import { failed, rejected, responded, testAttempt, testCall } from './testing.js';

function grpcCall() {
  const call = testCall({ method: 'POST' });
  call.grpc = true;
  return call;
}

/** An answer whose body has come to its end. @param end by trailers, or why it broke off */
function answered(end: Record<string, string> | 'failed' | 'dropped'): Responded {
  const body = new ResponseBody({ pause() {}, resume() {}, abort() {} });
  if (end === 'failed') body.fail(new Error('lost'));
  else if (end === 'dropped') body.drop(new Error('enough'));
  else body.end(end);
  return { ...responded(200), body };
}

test('a gRPC status among the fields of a head counts as its HTTP equivalent', () => {
  const of = (status: string) => httpEquivalent(responded(200, { 'grpc-status': status }));
  assert.deepEqual(
    ['0', '1', '4', '8', '14', '16', '99', 'x'].map(of),
    [200, 499, 504, 429, 503, 401, 500, 500],
  );
  assert.equal(httpEquivalent(responded(404)), 404);
});

test('only the head of a good answer of gRPC says nothing yet', () => {
  const call = grpcCall();
  assert.ok(awaitsTrailers(call, responded(200)));
  assert.ok(!awaitsTrailers(call, responded(200, { 'grpc-status': '0' })));
  assert.ok(!awaitsTrailers(call, responded(503)));
  assert.ok(!awaitsTrailers(call, { ...responded(200), local: 'FI' }));
  assert.ok(!awaitsTrailers(call, failed('remote-reset')));
  assert.ok(!awaitsTrailers(testCall(), responded(200)));
});

test('an answer comes to its trailers, to a lost connection, or to nothing if somebody gave it up', () => {
  const attempt = testAttempt(grpcCall());
  const complete = concludedBy(answered({ 'grpc-status': '14' }), 'complete', attempt);
  assert.ok(complete?.kind === 'response' && httpEquivalent(complete) === 503);
  const broken = concludedBy(answered('failed'), 'failed', attempt);
  assert.ok(broken?.kind === 'failed' && broken.reset === 'connection-termination');
  assert.equal(concludedBy(answered('dropped'), 'dropped', attempt), null);
  attempt.call.cancel('deadline', undefined);
  assert.equal(concludedBy(answered('failed'), 'failed', attempt), null);
});

test('the status that a caller sees', () => {
  const rows: readonly (readonly [Outcome, number])[] = [
    [answered({ 'grpc-status': '5' }), 5],
    [answered({}), 2],
    [answered('failed'), 14],
    [answered('dropped'), 1],
    [responded(200, { 'grpc-status': '7' }), 7],
    [responded(200, { 'grpc-status': 'x' }), 2],
    [responded(503), 14],
    [responded(404), 12],
    [rejected('HEDDLE_NO_ENDPOINT', 'x'), 14],
    [failed('per-try-timeout'), 4],
    [failed('connection-failure'), 14],
    [{ kind: 'cancelled', cause: undefined }, 1],
  ];
  for (const [outcome, status] of rows)
    assert.equal(statusOfEnded(grpcCall(), outcome), status, JSON.stringify(outcome));
  const late = grpcCall();
  late.cancel('deadline', undefined);
  assert.equal(statusOfEnded(late, answered('failed')), 4);
});
