/**
 * How long until the next attempt. Pure.
 * @source Envoy `retry_state_impl.cc` (rate-limited backoff), `reset_header_parser_impl.cc`; RFC 9110 §10.2.3; gRPC A6 (pushback)
 */
import { backoffMs } from '../../base/backoff.js';
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { Random } from '../../base/random.js';
import type { Outcome } from '../../model/outcome.js';
import type { RetryPolicy } from './policy.js';

export interface DelayFacts {
  readonly outcome: Outcome;
  /** Waits of growing length so far. */
  readonly backoffs: number;
  /** Milliseconds since the epoch, for what servers tell as a date. */
  readonly wallNow: number;
  readonly random: Random;
}

export type Delay =
  /** By our own backoff. */
  | { readonly kind: 'backoff'; readonly ms: number }
  /** The server says when. `restarts`: the next backoff is as short as the first (gRPC). */
  | { readonly kind: 'told'; readonly ms: number; readonly restarts: boolean }
  /** The server says never. */
  | { readonly kind: 'never' };

/** @param because the `retry-on` word that matched */
export function decideDelay(policy: RetryPolicy, facts: DelayFacts, because: string): Delay {
  const { outcome, backoffs, random } = facts;
  if (outcome.kind === 'response') {
    const { status, headers } = outcome;
    // Too Early says that the same request succeeds once the handshake is over, which it is by now.
    if (status === 425) return { kind: 'told', ms: 0, restarts: false };
    const pushback = headers['grpc-status'] === undefined ? undefined : headers['grpc-retry-pushback-ms'];
    if (pushback !== undefined) return pushedBack(String(pushback));
    const limits = because === 'envoy-ratelimited' || status === 429 || status === 503;
    const waitMs = limits ? resetMs(headers, facts.wallNow) : undefined;
    if (waitMs !== undefined)
      return { kind: 'told', ms: Math.floor(waitMs * (1 + random.next() / 2)), restarts: false };
  }
  const backoff = { baseDelayMs: policy.backoffMs, maxDelayMs: policy.backoffMs * 10 };
  return { kind: 'backoff', ms: backoffMs(backoff, backoffs + 1, random) };
}

/** Negative, or nothing that can be read: the server wants no more of this. */
function pushedBack(text: string): Delay {
  if (!/^\d{1,10}$/.test(text) || Number(text) > LONGEST_PUSHBACK_MS) return { kind: 'never' };
  return { kind: 'told', ms: Number(text), restarts: true };
}

/** gRPC reads a signed 32-bit number. */
const LONGEST_PUSHBACK_MS = 2_147_483_647;

/** Longest wait that a server may ask for, milliseconds: Envoy's cap for rate-limited backoff. Of a longer one nothing is believed. */
const LONGEST_RESET_MS = 300_000;

/** What the first of the headers says that can be believed: how long until the limit is over. */
export function resetMs(headers: HeaderFields, wallNow: number): number | undefined {
  for (let i = 0; i < RESET_HEADERS.length; i += 1) {
    const text = headerValue(headers, RESET_HEADERS[i]!);
    if (text === undefined || text.length > 40) continue;
    const waitMs = /^\d{1,13}$/.test(text) ? secondsOrInstant(Number(text), wallNow) : dateMs(text) - wallNow;
    if (waitMs > 0 && waitMs <= LONGEST_RESET_MS) return waitMs;
  }
  return undefined;
}

const RESET_HEADERS = ['retry-after', 'x-ratelimit-reset', 'ratelimit-reset'] as const;

/** Limiters send seconds, or the second since 1970: nobody waits thirty years. */
function secondsOrInstant(value: number, wallNow: number): number {
  return value >= 1e9 ? value * 1_000 - wallNow : value * 1_000;
}

/** An HTTP-date; NaN if it is none. @source RFC 9110 §5.6.7 */
function dateMs(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w :-]+$/.test(text)) return Number.NaN;
  return Date.parse(text.endsWith(' GMT') ? text : `${text} GMT`);
}
