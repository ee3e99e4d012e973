import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContextKey, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { drawOf } from './decide.js';
import { UnkeptSpan, withSpan } from './unkept.js';

const dice = { next: () => 8 / 15 };
const KEY = createContextKey('of the test');

test('a span that is not kept has ids that are valid, stay the same, and carry what was drawn', () => {
  for (const draw of [1, 0x8888888888888, 16 ** 13 - 1]) {
    const span = new UnkeptSpan(draw, dice);
    const context = span.spanContext();
    assert.equal(isSpanContextValid(context), true);
    assert.equal(span.spanContext(), context);
    assert.equal(drawOf(context.traceId), draw);
    assert.deepEqual([context.traceFlags, context.isRemote], [0, false]);
  }
});

test('a span that is not kept takes whatever it is told and records nothing', () => {
  const span = new UnkeptSpan(1, dice);
  span.setAttribute().setAttributes().addEvent().addLink().addLinks().setStatus().updateName();
  span.recordException();
  span.end();
  assert.equal(span.isRecording(), false);
});

test('a context with a span has the span, and all else of its parent', () => {
  const span = new UnkeptSpan(1, dice);
  const context = withSpan(ROOT_CONTEXT.setValue(KEY, 'of the parent'), span);
  assert.equal(trace.getSpan(context), span);
  assert.equal(trace.getSpanContext(context), span.spanContext());
  assert.equal(context.getValue(KEY), 'of the parent');
});

test('what is set or deleted on a context with a span changes nothing else in it', () => {
  const span = new UnkeptSpan(1, dice);
  const other = new UnkeptSpan(2, dice);
  const context = withSpan(ROOT_CONTEXT.setValue(KEY, 'of the parent'), span);
  const set = context.setValue(KEY, 'set');
  assert.deepEqual([set.getValue(KEY), trace.getSpan(set)], ['set', span]);
  const deleted = context.deleteValue(KEY);
  assert.deepEqual([deleted.getValue(KEY), trace.getSpan(deleted)], [undefined, span]);
  assert.equal(trace.getSpan(trace.setSpan(context, other)), other);
  assert.equal(trace.getSpan(trace.deleteSpan(context)), undefined);
  assert.deepEqual([context.getValue(KEY), trace.getSpan(context)], ['of the parent', span]);
});
