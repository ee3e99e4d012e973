/**
 * What OpenTelemetry's instrumentation of undici must not see. It takes our attempts for calls of the program: it would make a span for
 * each beside ours, and add its own `traceparent` to ours. A server that finds two follows neither, so the trace would break.
 * @source W3C Trace Context §3.2.1; @opentelemetry/core `suppressTracing`
 */
import { channel } from 'node:diagnostics_channel';
import { context, createContextKey } from '@opentelemetry/api';

/** Of undici, for every request that it begins. */
const CREATED = channel('undici:request:create');
/** By which every instrumentation asks whether it is to keep out. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Does anybody listen to undici? Nearly never, and then nothing has to be kept from him. */
export function isWatched(): boolean {
  return CREATED.hasSubscribers;
}

/** Runs `begin` where instrumentations keep out. */
export function unwatched(begin: () => void): void {
  context.with(context.active().setValue(SUPPRESSED, true), begin);
}
