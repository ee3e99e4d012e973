import type { Clock } from '../base/clock.js';
import type { Exchange } from '../model/exchange.js';

/** What a handler may ask about the request that it serves. */
export interface MeshContext {
  /** SPIFFE ID of the caller; null for plain text. */
  readonly peer: string | null;
  readonly requestId: string;
  /** Milliseconds until the caller stops waiting; Infinity for no limit. */
  readonly remainingMs: number;
  /** `ns/name` of the policy that let the request in; null if none selects this workload. */
  readonly policy: string | null;
  /** `issuer/subject` of the request's verified token; null without one. */
  readonly requestPrincipal: string | null;
  /** What the verified token says; null without one, and where no RequestAuthentication asks for tokens. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

export function contextOf(exchange: Exchange, clock: Clock): MeshContext {
  const { facts, requestId, deadlineAt, verdict, requestPrincipal, claims } = exchange;
  return {
    peer: facts.peer.id?.toString() ?? null,
    requestId,
    remainingMs: Math.max(0, deadlineAt - clock.now()),
    policy: verdict?.policy ?? null,
    requestPrincipal,
    claims,
  };
}
