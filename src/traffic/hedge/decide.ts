/** Hedging decisions: may a call be hedged at all, may one more attempt begin, and is an outcome worth stopping for? Pure. */
import { httpEquivalent } from '../../model/grpc-end.js';
import type { Outcome } from '../../model/outcome.js';
import { type RequestBody, StreamBody } from '../../model/request-body.js';
import type { HedgePolicy } from './policy.js';

/** A stream is read once: two attempts at the same time would each get a part of it. */
export function mayHedge(policy: HedgePolicy, method: string, body: RequestBody): boolean {
  return policy.maxAttempts > 1 && policy.methods.includes(method) && !(body instanceof StreamBody);
}

export interface HedgeFacts {
  /** Attempts begun, the first one included. */
  readonly begun: number;
  /** There is an endpoint that none of them uses. */
  readonly otherEndpoint: boolean;
  readonly budgetAllows: boolean;
}

/** Why no further attempt begins. */
export type HedgeStop = 'limit' | 'no-other-endpoint' | 'retry-overflow';

export type HedgeVerdict =
  | { readonly kind: 'hedge' }
  | { readonly kind: 'stop'; readonly because: HedgeStop };

export function decideHedge(policy: HedgePolicy, facts: HedgeFacts): HedgeVerdict {
  if (facts.begun >= policy.maxAttempts) return { kind: 'stop', because: 'limit' };
  if (!facts.otherEndpoint) return { kind: 'stop', because: 'no-other-endpoint' };
  if (!facts.budgetAllows) return { kind: 'stop', because: 'retry-overflow' };
  return { kind: 'hedge' };
}

/** Worth giving up the other attempts for: an answer that is no failure of the server's. */
export function isGood(outcome: Outcome): boolean {
  return outcome.kind === 'response' && httpEquivalent(outcome) < 500;
}
