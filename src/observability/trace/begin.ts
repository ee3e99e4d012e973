import {
  type Context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  type SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Random } from '../../base/random.js';
import { type CompiledTracing, keepsTrace, newDraw } from './decide.js';
import { newSpanId, traceIdOf } from './ids.js';
import { UnkeptSpan } from './unkept.js';

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
 * draws first, and the program's own sampler has the last word on what it keeps. A span that is not to be made is one that records nothing and carries the trace on.
 */
export function beginSpan({ tracer, name, kind, parent, tracing, random }: SpanStart): Span {
  if (tracing === null) return tracer.startSpan(name, { kind }, parent);
  const above = trace.getSpanContext(parent);
  if (above !== undefined && isSpanContextValid(above)) {
    if (!tracing.silent) return tracer.startSpan(name, { kind }, parent);
    // What comes after it may record: to them this parent is somewhere else.
    return trace.wrapSpanContext({ ...above, isRemote: true });
  }
  const { samplingPercent, silent } = tracing;
  const percent = samplingPercent ?? 100;
  if (percent === 100 && !silent) return tracer.startSpan(name, { kind }, parent);
  // Drawn before the SDK is asked: what it does for a span that is not kept costs more than all that the mesh does for it.
  const draw = newDraw(random);
  if (!keepsTrace(draw, percent)) return new UnkeptSpan(draw, random);
  return silent ? trace.wrapSpanContext(keptBySome(draw, random)) : tracer.startSpan(name, { kind }, parent);
}

/** A trace without a span of ours, which those after us keep. */
function keptBySome(draw: number, random: Random): SpanContext {
  const traceId = traceIdOf(draw, random);
  return { traceId, spanId: newSpanId(random), traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
