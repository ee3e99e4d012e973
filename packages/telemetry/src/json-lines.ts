import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { core, type tracing } from '@opentelemetry/sdk-node';

/** A span as one line of JSON: enough to draw a trace, for tools too small to read OTLP. Absent means none. */
export interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly service: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Present on a span that failed. */
  readonly error?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * Writes spans as {@link JsonSpan} lines.
 * @param write is given one or more whole lines, each ended by `\n`; a promise is waited for, and a failure loses these spans
 * @example jsonLinesExporter((lines) => void process.stdout.write(lines));
 */
export function jsonLinesExporter(write: (lines: string) => void | Promise<void>): tracing.SpanExporter {
  // Batches are written one after the other, so that lines of two never mix.
  let last: Promise<void> = Promise.resolve();
  return {
    export(spans, done) {
      const lines = spans.map((span) => `${JSON.stringify(toJson(span))}\n`).join('');
      last = last
        .then(() => write(lines))
        .then(
          () => done({ code: core.ExportResultCode.SUCCESS }),
          (error: unknown) => done({ code: core.ExportResultCode.FAILED, error: asError(error) }),
        );
    },
    forceFlush: () => last,
    shutdown: () => last,
  };
}

const KINDS = {
  [SpanKind.INTERNAL]: 'internal',
  [SpanKind.SERVER]: 'server',
  [SpanKind.CLIENT]: 'client',
  [SpanKind.PRODUCER]: 'producer',
  [SpanKind.CONSUMER]: 'consumer',
} as const;

function toJson(span: tracing.ReadableSpan): JsonSpan {
  const { traceId, spanId } = span.spanContext();
  const parentSpanId = span.parentSpanContext?.spanId;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    service: String(span.resource.attributes['service.name'] ?? 'unknown'),
    name: span.name,
    kind: KINDS[span.kind],
    startMs: core.hrTimeToMilliseconds(span.startTime),
    durationMs: core.hrTimeToMilliseconds(span.duration),
    ...(span.status.code === SpanStatusCode.ERROR
      ? { error: span.status.message ?? String(span.attributes['error.type'] ?? 'error') }
      : {}),
    attributes: span.attributes,
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
