/**
 * Between header fields and OpenTelemetry's context. W3C fields are read and written here whether or not a propagator is
 * registered, so that a trace survives an SDK that was set up without one; other formats are the registered propagator's.
 */
import {
  type Context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type TextMapGetter,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import type { HeaderFields } from '../../base/headers.js';
import type { OtelApi } from '../otel-api.js';
import { boundedField, tracestateOf } from './propagate.js';
import { formatTraceparent, parseTraceparent } from './traceparent.js';

/** The context that a request's fields describe; the root if they describe none. */
export function contextFromFields(fields: HeaderFields, api: OtelApi): Context {
  const context = api.propagation.extract(ROOT_CONTEXT, fields, BOUNDED_GETTER);
  const remote = remoteSpan(fields);
  return remote === undefined ? context : trace.setSpanContext(context, remote);
}

/** The parent that `traceparent` names, strictly read. */
export function remoteSpan(fields: HeaderFields): SpanContext | undefined {
  const value = fields.traceparent;
  const parent = typeof value === 'string' ? parseTraceparent(value) : undefined;
  if (parent === undefined) return undefined;
  const state = tracestateOf(fields);
  const context = {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.flags,
    isRemote: true,
  };
  return state === undefined ? context : { ...context, traceState: createTraceState(state) };
}

/** Makes `span` the parent of whatever the receiver of the fields records. */
export function writeSpan(span: SpanContext, fields: HeaderFields): void {
  fields.traceparent = formatTraceparent({
    traceId: span.traceId,
    spanId: span.spanId,
    flags: span.traceFlags,
  });
  const state = span.traceState?.serialize() ?? '';
  if (state !== '') fields.tracestate = state;
  else delete fields.tracestate;
}

/** Is there anything that {@link injectOthers} would add to what {@link writeSpan} writes? */
export function hasOthers(context: Context, api: OtelApi): boolean {
  return propagation.getBaggage(context) !== undefined || hasOtherFormats(api);
}

/** What registered propagators add: baggage, and other trace formats with the span of `context` as parent. */
export function injectOthers(context: Context, fields: HeaderFields, api: OtelApi): void {
  api.propagation.inject(context, fields, SETTER);
}

/** Does a registered propagator write a trace format other than W3C's? Then each attempt has to write it anew. */
export function hasOtherFormats(api: OtelApi): boolean {
  return api.propagation.fields().some((field) => !W3C.has(field));
}

/** Is `span` one of this process that records nothing? Then nothing below it does, and there is no need to ask. */
export function isSilent(span: Span): boolean {
  return !span.isRecording() && span.spanContext().isRemote !== true;
}

const W3C = new Set(['traceparent', 'tracestate', 'baggage']);

const BOUNDED_GETTER: TextMapGetter<HeaderFields> = {
  get: (fields, name) => boundedField(fields, name.toLowerCase()),
  keys: (fields) => Object.keys(fields),
};

/** Baggage that the caller wrote itself stays as it is. */
const SETTER: TextMapSetter<HeaderFields> = {
  set(fields, name, value) {
    const key = name.toLowerCase();
    if (key === 'baggage' && fields[key] !== undefined) return;
    fields[key] = value;
  },
};
