/** Where a trace begins, and where it only goes on. Spans as a real SDK records them are tested in `packages/telemetry`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, type Span, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { beginSpan } from './begin.js';
import type { CompiledTracing } from './decide.js';

const LOW = `${'a'.repeat(19)}${'0'.repeat(12)}1`;
const HIGH = 'f'.repeat(32);
const REMOTE: SpanContext = { traceId: HIGH, spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };

/** A tracer that records, of which every trace has the same id; without an id the SDK's sampler is against it. */
function tracerOf(traceId: string | null) {
  const parents: (SpanContext | undefined)[] = [];
  const tracer: Tracer = {
    startSpan(_name, _options, context) {
      const parent = trace.getSpanContext(context!);
      parents.push(parent);
      const spanContext = {
        traceId: parent?.traceId ?? traceId ?? LOW,
        spanId: 'c'.repeat(16),
        traceFlags: traceId === null ? 0 : 1,
      };
      const span: Span = Object.assign(Object.create(trace.wrapSpanContext(spanContext)) as Span, {
        isRecording: () => traceId !== null,
      });
      return span;
    },
    startActiveSpan: () => assert.fail('not used'),
  };
  return { tracer, parents };
}

function begin(tracing: Partial<CompiledTracing> | null, parent?: SpanContext, traceId: string | null = LOW) {
  const { tracer, parents } = tracerOf(traceId);
  const span = beginSpan({
    tracer,
    name: 'x',
    kind: SpanKind.SERVER,
    parent: parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent),
    tracing: tracing && { samplingPercent: null, silent: false, apart: false, tags: null, ...tracing },
    random: { next: () => 8 / 15 },
  });
  return { recording: span.isRecording(), ...span.spanContext(), asked: parents.length };
}

test('without policy the SDK decides', () => {
  assert.equal(begin(null).recording, true);
  assert.equal(begin(null, undefined, null).recording, false);
});

test('where a trace begins policy draws, and the SDK is asked for those only that are kept', () => {
  // The dice of this test make ids of eights: a little more than half of all are below them.
  const kept = begin({ samplingPercent: 60 });
  assert.deepEqual([kept.recording, kept.traceFlags, kept.asked], [true, 1, 1]);
  const dropped = begin({ samplingPercent: 40 });
  assert.deepEqual([dropped.recording, dropped.traceFlags, dropped.asked], [false, 0, 0]);
  assert.match(dropped.traceId, /^[0-9a-f]{32}$/);
});

test('what the SDK does not want stays out, whatever the percentage', () => {
  assert.equal(begin({ samplingPercent: 100 }, undefined, null).recording, false);
});

test('0 percent begin a trace that nobody records, without asking the SDK', () => {
  const span = begin({ samplingPercent: 0 });
  assert.deepEqual([span.recording, span.traceFlags, span.asked], [false, 0, 0]);
  assert.match(span.traceId, /^[0-9a-f]{32}$/);
});

test("a caller's decision stays, whatever the percentage", () => {
  assert.equal(begin({ samplingPercent: 0 }, REMOTE).recording, true);
  assert.equal(begin({ samplingPercent: 1 }, REMOTE).traceId, HIGH);
});

test("a caller's context that is not valid begins a trace", () => {
  assert.equal(begin({ samplingPercent: 0 }, { ...REMOTE, traceId: '0'.repeat(32) }).recording, false);
});

test("without spans the caller's context goes on as it came", () => {
  const { recording, traceId, spanId, traceFlags, asked } = begin({ silent: true }, REMOTE);
  assert.deepEqual({ traceId, spanId, traceFlags, isRemote: true }, REMOTE);
  assert.deepEqual([recording, asked], [false, 0]);
});

test('without spans a trace still begins, and is kept by those after us as often as policy says', () => {
  assert.deepEqual([begin({ silent: true }).traceFlags, begin({ silent: true }).isRemote], [1, true]);
  assert.equal(begin({ silent: true, samplingPercent: 60 }).traceFlags, 1);
  assert.equal(begin({ silent: true, samplingPercent: 40 }).traceFlags, 0);
});
