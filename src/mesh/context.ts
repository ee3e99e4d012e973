/** What the mesh knows of the request that is being served, for its handler. */
import { trace } from '@opentelemetry/api';
import type { Clock } from '../base/clock.js';
import type { Exchange } from '../model/exchange.js';
import { globalOtelApi } from '../observability/otel-api.js';
import { parseTraceparent } from '../observability/trace/traceparent.js';

/** What a handler may ask about the request that it serves. */
export interface MeshContext {
  /** SPIFFE ID of the caller; null for plain text. */
  readonly peer: string | null;
  readonly requestId: string;
  /** Milliseconds until the caller stops waiting, at the time of asking; Infinity for no limit. */
  readonly remainingMs: number;
  /** `ns/name` of the policy that let the request in; null if none selects this workload. */
  readonly policy: string | null;
  /** Place of the rule in that policy, from 0; null without one. */
  readonly rule: number | null;
  /** Why it was let in, in the words of the access log: Envoy's response code details. null: the mesh was not asked. */
  readonly because: string | null;
  /** `issuer/subject` of the request's verified token; null without one. */
  readonly requestPrincipal: string | null;
  /** What the verified token says; null without one, and where no RequestAuthentication asks for tokens. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** Where the request stands in its trace, for logs; null if it is in none. */
  readonly trace: MeshTrace | null;
}

/** @source W3C Trace Context */
export interface MeshTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span that is active here; the caller's where this process records nothing. */
  readonly spanId: string;
  /** Is the trace recorded? */
  readonly sampled: boolean;
}

export function contextOf(exchange: Exchange, clock: Clock): MeshContext {
  const { facts, requestId, deadlineAt, verdict, requestPrincipal, claims } = exchange;
  return {
    peer: facts.peer.id?.toString() ?? null,
    requestId,
    // A context may be kept for as long as its request lasts.
    get remainingMs() {
      return Math.max(0, deadlineAt - clock.now());
    },
    policy: verdict?.policy ?? null,
    rule: verdict?.rule ?? null,
    because: verdict?.because ?? null,
    requestPrincipal,
    claims,
    trace: traceOf(exchange),
  };
}

/** With an SDK, the span that it has active; without one the caller's, which calls made here carry on. */
function traceOf({ facts }: Exchange): MeshTrace | null {
  const active = trace.getSpanContext(globalOtelApi.context.active());
  if (active !== undefined && active.traceId !== NO_TRACE)
    return placeOf(active.traceId, active.spanId, active.traceFlags);
  const field = facts.headers.traceparent;
  const parent = typeof field === 'string' ? parseTraceparent(field) : undefined;
  return parent === undefined ? null : placeOf(parent.traceId, parent.spanId, parent.flags);
}

function placeOf(traceId: string, spanId: string, flags: number): MeshTrace {
  return { traceId, spanId, sampled: (flags & 1) === 1 };
}

const NO_TRACE = '0'.repeat(32);
