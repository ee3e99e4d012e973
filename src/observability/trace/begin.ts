import {
  type Context,
  isSpanContextValid,
  type Span,
  type SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Random } from '../../base/random.js';
import { type CompiledTracing, keepsTrace } from './decide.js';
import { newSpanId, newTraceId } from './ids.js';

export interface SpanStart {
  readonly tracer: Tracer;
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent: Context;
  /** null: policy says nothing. */
  readonly tracing: CompiledTracing | null;
  readonly random: Random;
}

/**
 * A span as policy has it. Whether a trace is kept is decided where it begins and nowhere else: a caller's decision stays. There policy
 * and the program's own sampler must both want it. A span that is not to be made is one that records nothing and carries the trace on.
 */
export function beginSpan({ tracer, name, kind, parent, tracing, random }: SpanStart): Span {
  if (tracing === null) return tracer.startSpan(name, { kind }, parent);
  const above = trace.getSpanContext(parent);
  if (above !== undefined && isSpanContextValid(above)) {
    if (!tracing.silent) return tracer.startSpan(name, { kind }, parent);
    // What comes after it may record: to them this parent is somewhere else.
    return trace.wrapSpanContext({ ...above, isRemote: true });
  }
  const percent = tracing.samplingPercent ?? 100;
  if (tracing.silent || percent === 0) {
    const traceId = newTraceId(random);
    const kept = keepsTrace(traceId, percent);
    return trace.wrapSpanContext({
      traceId,
      spanId: newSpanId(random),
      traceFlags: kept ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: kept,
    });
  }
  const span = tracer.startSpan(name, { kind }, parent);
  const begun = span.spanContext();
  if (!span.isRecording() || keepsTrace(begun.traceId, percent)) return span;
  // Never ended, the span is never reported.
  return trace.wrapSpanContext({ ...begun, traceFlags: begun.traceFlags & ~TraceFlags.SAMPLED });
}
