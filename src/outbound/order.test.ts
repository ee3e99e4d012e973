import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyFields } from '../base/headers.js';
import { FakeClock, seededRandom } from '../base/testing.js';
import { Attempt } from '../model/attempt.js';
import { Call } from '../model/call.js';
import type { EndpointState } from '../model/endpoint-state.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import type { Rejected } from '../model/outcome.js';
import { openTelemetry } from '../observability/index.js';
import { loadFilter } from '../traffic/load/filter.js';
import {
  ATTEMPT_ORDER,
  admit,
  admitCall,
  CALL_ORDER,
  inOrder,
  release,
  releaseCall,
  settle,
  settleCall,
} from './order.js';

const REFUSAL: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_OVERLOADED',
  flag: 'UO',
  status: 503,
  because: 'full',
};

function call(): Call & { admitted: number } {
  const made = new Call(
    { method: 'GET', scheme: 'http', authority: 'a', path: '/', headers: emptyFields(), body: null },
    0,
  );
  return Object.assign(made, { admitted: 0 });
}

function attempt(): Attempt {
  return new Attempt(call(), 1, {} as EndpointState, 0);
}

/** What each filter of a plan does when it is asked. */
const plans = fc.array(fc.constantFrom('admits', 'refuses'), { maxLength: 8 });

test('a plan settles and releases in reverse order exactly the filters that admitted', () => {
  fc.assert(
    fc.property(plans, (answers) => {
      const told: string[] = [];
      const filters: AttemptFilter[] = answers.map((answer, i) => ({
        name: String(i),
        admit() {
          told.push(`admit ${i}`);
          return answer === 'admits' ? null : REFUSAL;
        },
        settle: () => told.push(`settle ${i}`),
        release: () => told.push(`release ${i}`),
      }));
      const refused = answers.indexOf('refuses');
      const admitted = refused < 0 ? answers.length : refused;
      const one = attempt();

      const refusal = admit(filters, one);
      settle(filters, one, refusal ?? REFUSAL);
      release(filters, one);
      release(filters, one); // twice is harmless

      const asked = Array.from({ length: refused < 0 ? admitted : admitted + 1 }, (_, i) => `admit ${i}`);
      const back = Array.from({ length: admitted }, (_, i) => admitted - 1 - i);
      assert.equal(refusal, refused < 0 ? null : REFUSAL);
      assert.deepEqual(told, [
        ...asked,
        ...back.map((i) => `settle ${i}`),
        ...back.map((i) => `release ${i}`),
      ]);
    }),
  );
});

test('a call settles and releases exactly the filters that admitted, also after one that waited', async () => {
  const answers = fc.array(fc.constantFrom('admits', 'waits', 'answers', 'waits, then answers'), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(answers, async (plan) => {
      const told: string[] = [];
      const filters: CallFilter[] = plan.map((answer, i) => ({
        name: String(i),
        admit: () => {
          const outcome = answer.endsWith('answers') ? REFUSAL : null;
          return answer.startsWith('waits') ? Promise.resolve(outcome) : outcome;
        },
        settle: () => told.push(`settle ${i}`),
        release: () => told.push(`release ${i}`),
      }));
      const answering = plan.findIndex((answer) => answer.endsWith('answers'));
      const admitted = answering < 0 ? plan.length : answering;
      const one = call();

      const outcome = await admitCall(filters, one);
      settleCall(filters, one, REFUSAL);
      releaseCall(filters, one);

      const back = Array.from({ length: admitted }, (_, i) => admitted - 1 - i);
      assert.equal(outcome, answering < 0 ? null : REFUSAL);
      assert.deepEqual(told, [...back.map((i) => `settle ${i}`), ...back.map((i) => `release ${i}`)]);
    }),
  );
});

test('filters run in the order of the table, whatever order they were given in', () => {
  const names = ['limit', 'attempt-span', 'load', 'identity', 'concurrency', 'health', 'outlier', 'breaker'];
  const shuffled = names.map((name) => ({ name }));
  assert.deepEqual(
    inOrder(ATTEMPT_ORDER, [...shuffled, null]).map(({ name }) => name),
    [...ATTEMPT_ORDER],
  );
});

test('the filters that count are of the table, too: a name that is not would come first', () => {
  const { call: outermost, attempt: innermost } = openTelemetry({
    clock: new FakeClock(),
    random: seededRandom(1),
    ambient: () => undefined,
    workload: {
      namespace: 'default',
      service: 'web',
      serviceAccount: 'web',
      name: 'web-1',
      labels: {},
      locality: '',
    },
  });
  const limit = { ...innermost!, name: 'limit' };
  assert.deepEqual(
    inOrder(ATTEMPT_ORDER, [innermost, limit, loadFilter]).map(({ name }) => name),
    ['load', 'limit', 'attempt-span'],
  );
  assert.equal(CALL_ORDER[0], outermost!.name);
});
