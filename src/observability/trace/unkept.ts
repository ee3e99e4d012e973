/**
 * A trace that begins here and that policy does not keep. Nearly all of them are so, and hardly any is asked who it is: its ids are made
 * when somebody does.
 */
import { type Context, type Span, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { Random } from '../../base/random.js';
import { newSpanId, traceIdOf } from './ids.js';

/** The span that is not made. What comes after it learns from it that nobody records. */
export class UnkeptSpan implements Span {
  readonly #draw: number;
  readonly #random: Random;
  #context: SpanContext | null = null;

  /** @param draw by which the trace was decided about */
  constructor(draw: number, random: Random) {
    this.#draw = draw;
    this.#random = random;
  }

  spanContext(): SpanContext {
    this.#context ??= {
      traceId: traceIdOf(this.#draw, this.#random),
      spanId: newSpanId(this.#random),
      traceFlags: TraceFlags.NONE,
      isRemote: false,
    };
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  end(): void {}

  recordException(): void {}
}

/** `parent` with `span` in it, as `trace.setSpan` has it, without a copy of all that is in `parent`. */
export function withSpan(parent: Context, span: Span): Context {
  return new SpanOver(parent, span);
}

class SpanOver implements Context {
  readonly #parent: Context;
  readonly #span: Span;

  constructor(parent: Context, span: Span) {
    this.#parent = parent;
    this.#span = span;
  }

  getValue(key: symbol): unknown {
    return key === SPAN ? this.#span : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return trace.setSpan(this.#parent, this.#span).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return trace.setSpan(this.#parent, this.#span).deleteValue(key);
  }
}

/** Under which contexts keep their span: OpenTelemetry does not say, but it asks. */
const SPAN = ((): symbol | undefined => {
  let asked: symbol | undefined;
  const listening: Context = {
    getValue(key) {
      asked = key;
      return undefined;
    },
    setValue: () => listening,
    deleteValue: () => listening,
  };
  trace.getSpan(listening);
  return asked;
})();
