export { type CallTrace, ClientSpans } from './client-spans.js';
export { type Carried, carriedFrom, carryOn, carryOnApart, NOTHING } from './propagate.js';
export { acceptRequestId, newRequestId, REQUEST_ID } from './request-id.js';
export { type ExchangeTrace, ServerSpans } from './server-spans.js';
export { formatTraceparent, parseTraceparent, type TraceParent } from './traceparent.js';
export { TracerSource } from './tracer-source.js';
