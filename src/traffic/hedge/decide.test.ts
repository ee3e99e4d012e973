import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../model/outcome.js';
import { StreamBody } from '../../model/request-body.js';
import { ResponseBody } from '../../model/response-body.js';
import { decideHedge, type HedgeFacts, isGood, mayHedge } from './index.js';
import { describeHedging, hedgePolicyFrom } from './policy.js';

const POLICY = hedgePolicyFrom({ maxAttempts: 3, delayMs: 50 });

test('without a list those methods are hedged that may be repeated', () => {
  const hedged = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'POST', 'PATCH', 'CONNECT'].filter(
    (method) => mayHedge(POLICY, method, null),
  );
  assert.deepEqual(hedged, ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
  assert.equal(mayHedge({ ...POLICY, methods: ['POST'] }, 'POST', null), true);
  assert.equal(mayHedge({ ...POLICY, maxAttempts: 1 }, 'GET', null), false);
});

test('bodies that are bytes or text can be sent twice at once, streams cannot', () => {
  assert.equal(mayHedge(POLICY, 'PUT', 'text'), true);
  assert.equal(mayHedge(POLICY, 'PUT', new Uint8Array(3)), true);
  assert.equal(mayHedge(POLICY, 'PUT', new StreamBody((async function* () {})())), false);
});

test('a further attempt begins while there may be one, somebody else to ask, and budget', () => {
  const facts: HedgeFacts = { begun: 2, otherEndpoint: true, budgetAllows: true };
  const decide = (changes: Partial<HedgeFacts>) => {
    const verdict = decideHedge(POLICY, { ...facts, ...changes });
    return verdict.kind === 'hedge' ? 'hedge' : verdict.because;
  };
  assert.equal(decide({}), 'hedge');
  assert.equal(decide({ begun: 3 }), 'limit');
  assert.equal(decide({ otherEndpoint: false }), 'no-other-endpoint');
  assert.equal(decide({ budgetAllows: false }), 'retry-overflow');
  assert.equal(decide({ begun: 3, otherEndpoint: false, budgetAllows: false }), 'limit');
});

test('a response below 500 wins, nothing else does', () => {
  const response = (status: number): Outcome => ({
    kind: 'response',
    status,
    statusText: '',
    headers: {},
    body: ResponseBody.of(''),
  });
  assert.deepEqual(
    [200, 404, 499, 500, 503].map((status) => isGood(response(status))),
    [true, true, true, false, false],
  );
  assert.equal(isGood({ kind: 'cancelled', cause: undefined }), false);
});

test('hedging is described in a line', () => {
  assert.equal(
    describeHedging({ ...POLICY, methods: ['GET', 'HEAD'] }),
    'hedging: another attempt after each 50 ms without an answer, 3 at most, for GET, HEAD',
  );
});
