import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failed, Outcome, Reset } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import { errorTypeOf, reasonOf, statusOf } from './outcome-words.js';

function response(status: number): Outcome {
  return { kind: 'response', status, statusText: '', headers: {}, body: ResponseBody.of('') };
}

function failed(reset: Reset): Failed {
  return {
    kind: 'failed',
    reset,
    code: 'HEDDLE_CONNECT_FAILED',
    flag: 'UF',
    sent: 'no',
    because: 'ECONNREFUSED',
  };
}

test('a response is its own status, and an error from 400 on', () => {
  assert.equal(statusOf(response(204)), 204);
  assert.equal(errorTypeOf(response(399)), undefined);
  assert.equal(errorTypeOf(response(400)), '400');
  assert.equal(reasonOf(response(400)), undefined);
});

test('a failure has the status that Envoy answers with, and its reset as type', () => {
  assert.equal(statusOf(failed('connection-failure')), 503);
  assert.equal(statusOf(failed('per-try-timeout')), 504);
  assert.equal(statusOf(failed('timeout')), 504);
  assert.equal(statusOf(failed('protocol-error')), 502);
  assert.equal(errorTypeOf(failed('remote-reset')), 'remote-reset');
  assert.equal(reasonOf(failed('remote-reset')), 'ECONNREFUSED');
});

test('a cancelled call has status 0', () => {
  const outcome: Outcome = { kind: 'cancelled', cause: new Error('enough') };
  assert.equal(statusOf(outcome), 0);
  assert.equal(errorTypeOf(outcome), 'cancelled');
});
