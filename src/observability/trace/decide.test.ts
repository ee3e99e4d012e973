import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { seededRandom } from '../../base/testing.js';
import { SOURCES } from '../fixtures.test.helper.js';
import type { TracingPolicy } from '../policy.js';
import { compileTracing, drawOf, keepsTrace, newDraw } from './decide.js';
import { newSpanId, traceIdOf } from './ids.js';

const traceId = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  .map(([a, b]) => a.toString(16).padStart(16, '0') + b.toString(16).padStart(16, '0'));
const percent = fc.double({ min: 0, max: 100, noNaN: true });

test('a trace that is kept at a percentage is kept at every higher one', () => {
  fc.assert(
    fc.property(traceId, percent, percent, (id, one, other) => {
      if (keepsTrace(drawOf(id), Math.min(one, other)))
        assert.ok(keepsTrace(drawOf(id), Math.max(one, other)));
    }),
  );
});

test('0 percent keep none, 100 percent keep all', () => {
  fc.assert(
    fc.property(traceId, (id) => {
      assert.equal(keepsTrace(drawOf(id), 0), false);
      assert.equal(keepsTrace(drawOf(id), 100), true);
    }),
  );
  assert.equal(keepsTrace(drawOf('f'.repeat(32)), 100), true);
  assert.equal(keepsTrace(drawOf('0'.repeat(32)), 0), false);
});

test('of many traces about as many are kept as is said', () => {
  const random = seededRandom(7);
  const ids = Array.from({ length: 10_000 }, () => traceIdOf(newDraw(random), random));
  for (const share of [0.5, 1, 10, 50, 90]) {
    const kept = ids.filter((id) => keepsTrace(drawOf(id), share)).length;
    assert.ok(Math.abs(kept - share * 100) < 150, `${share} % of 10000: ${kept}`);
  }
});

test('ids are valid whatever the dice say', () => {
  for (const next of [0, 0.5, 1 - 2 ** -53]) {
    const random = { next: () => next };
    assert.match(traceIdOf(newDraw(random), random), /^(?!0+$)[0-9a-f]{32}$/);
    assert.match(newSpanId(random), /^(?!0+$)[0-9a-f]{16}$/);
  }
});

test('policy that changes nothing is none', () => {
  for (const policy of [
    undefined,
    {},
    { provider: 'zipkin', useRequestIdForSampling: true, istioTags: false },
  ])
    assert.equal(compileTracing(policy, SOURCES), null);
});

test('policy that says something is told apart', () => {
  const of = (policy: TracingPolicy) => compileTracing(policy, SOURCES);
  assert.deepEqual(of({ samplingPercent: 0 }), {
    samplingPercent: 0,
    silent: false,
    apart: false,
    tags: null,
  });
  assert.equal(of({ reportingDisabled: true })?.silent, true);
  assert.equal(of({ propagationDisabled: true })?.apart, true);
  assert.notEqual(of({ istioTags: true })?.tags, null);
});

test('a percentage that is none is refused', () => {
  for (const samplingPercent of [-1, 100.1, Number.NaN])
    assert.throws(() => compileTracing({ samplingPercent }, SOURCES), RangeError);
});
