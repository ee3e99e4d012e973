/** One try of a call: pick an endpoint, ask the filters, go to the wire, settle. */
import { copyFields } from '../base/headers.js';
import { Attempt } from '../model/attempt.js';
import type { EndpointState } from '../model/endpoint-state.js';
import type { AttemptFilter } from '../model/filter.js';
import { awaitsTrailers, concludedBy } from '../model/grpc-end.js';
import type { Outcome, Rejected, Responded } from '../model/outcome.js';
import type { BodyEnd, BodyOwner } from '../model/response-body.js';
import { givenUp } from '../model/waiting.js';
import {
  ATTEMPT_HEADER,
  ON_TIMEOUT,
  RETRIES_HEADER,
  repeatsWhenLate,
  SPENT,
} from '../traffic/retry/index.js';
import {
  DEADLINE_HEADER,
  decideAttemptDeadline,
  expectedTimeout,
  grpcTimeout,
} from '../traffic/timeout/index.js';
import type { BoundCluster } from './bound-cluster.js';
import type { Outbound } from './call.js';
import { admit, conclude, release, settle } from './order.js';
import type { OutboundCall } from './outbound-call.js';

export const NO_ENDPOINT: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_NO_ENDPOINT',
  flag: 'UH',
  status: 503,
  because: 'no-healthy-endpoint',
};

/** An attempt that gives back what its filters took when its body is closed. */
export class OutboundAttempt extends Attempt implements BodyOwner {
  readonly cluster: BoundCluster;
  readonly filters: readonly AttemptFilter[];
  /** How often the transport sent it again. */
  resends = 0;
  /** An answer of gRPC whose status is still to come. */
  #open: Responded | null = null;

  /** @param filters the cluster's for calls, or those for connections */
  constructor(
    call: OutboundCall,
    number: number,
    endpoint: EndpointState,
    startedAt: number,
    cluster: BoundCluster,
    filters: readonly AttemptFilter[],
  ) {
    super(call, number, endpoint, startedAt);
    this.cluster = cluster;
    this.filters = filters;
  }

  override mayGoAgain(now: number): boolean {
    if (!this.cluster.state.budget.takeResend(now)) return false;
    this.resends += 1;
    return true;
  }

  bodyClosed(end: BodyEnd, _error: Error | null): void {
    this.conclude(end);
    this.release();
  }

  settle(outcome: Outcome): void {
    settle(this.filters, this, outcome);
    if (awaitsTrailers(this.call, outcome)) this.#open = outcome;
  }

  /** The body is closed. */
  conclude(end: BodyEnd): void {
    const head = this.#open;
    if (head === null) return;
    this.#open = null;
    const outcome = concludedBy(head, end, this);
    if (outcome !== null) conclude(this.filters, this, outcome);
  }

  release(): void {
    release(this.filters, this);
  }
}

/** @param number 1 is the first */
export function runAttempt(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
  number: number,
): Promise<Outcome> {
  const endpoint = cluster.pick(call);
  if (endpoint === undefined) return Promise.resolve(NO_ENDPOINT);
  return carryOut(outbound, call, newAttempt(outbound, call, cluster, number, endpoint), false);
}

/** The first attempt of a call, ready for the wire; or how it ended before it was. */
export function beginFirst(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
): OutboundAttempt | Outcome {
  const endpoint = cluster.pick(call);
  if (endpoint === undefined) return NO_ENDPOINT;
  const attempt = newAttempt(outbound, call, cluster, 1, endpoint);
  return prepare(outbound, call, attempt, false) ?? attempt;
}

/** One of several attempts of a call that run side by side. Already under way when it is returned. */
export function beginAttempt(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
  endpoint: EndpointState,
): { readonly attempt: OutboundAttempt; readonly outcome: Promise<Outcome> } {
  const attempt = newAttempt(outbound, call, cluster, call.attempts + 1, endpoint);
  return { attempt, outcome: carryOut(outbound, call, attempt, true) };
}

export function newAttempt(
  outbound: Outbound,
  call: OutboundCall,
  cluster: BoundCluster,
  number: number,
  endpoint: EndpointState,
  filters: readonly AttemptFilter[] = cluster.filters,
): OutboundAttempt {
  const attempt = new OutboundAttempt(call, number, endpoint, outbound.clock.now(), cluster, filters);
  call.current = attempt;
  call.attempts = number;
  call.tried = number === 1 ? endpoint.alone : [...call.tried, endpoint];
  return attempt;
}

/** @param beside others may run beside it, so that what it says to its peer must stay its own */
async function carryOut(
  outbound: Outbound,
  call: OutboundCall,
  attempt: OutboundAttempt,
  beside: boolean,
): Promise<Outcome> {
  return (
    prepare(outbound, call, attempt, beside) ??
    concluded(outbound, attempt, await outbound.transport.send(attempt))
  );
}

/** All that comes before the wire. @returns null if the attempt may go there; otherwise it is settled already */
function prepare(
  outbound: Outbound,
  call: OutboundCall,
  attempt: OutboundAttempt,
  beside: boolean,
): Outcome | null {
  const { filters, startedAt: now } = attempt;
  // The wheel of deadlines may be late by a tick: nothing is dialed for an answer that nobody waits for.
  const refused = call.deadlineAt <= now ? givenUp(call, 'no') : admit(filters, attempt);
  if (refused !== null) return settled(attempt, refused);
  // An attempt that is hedged when it is late goes on.
  const goesOn = beside && call.asked?.hedge === true;
  const perTryMs = goesOn ? null : (call.retries?.perTryTimeoutMs ?? null);
  const deadlineAt = decideAttemptDeadline(now, perTryMs, call.deadlineAt);
  tellPeer(attempt, call, deadlineAt);
  if (beside) attempt.headers = copyFields(call.headers);
  if (deadlineAt !== Number.POSITIVE_INFINITY) outbound.deadlines.arm(attempt, deadlineAt);
  return null;
}

/** All that comes after the wire. */
export function concluded(outbound: Outbound, attempt: OutboundAttempt, outcome: Outcome): Outcome {
  outbound.deadlines.disarm(attempt);
  if (attempt.resends > 0 && multipliesNothing(outcome))
    attempt.cluster.state.budget.refund(attempt.resends, outbound.clock.now());
  return settled(attempt, outcome);
}

function settled(attempt: OutboundAttempt, outcome: Outcome): Outcome {
  attempt.settle(outcome);
  if (outcome.kind === 'response') outcome.body.owner = attempt;
  else attempt.release();
  return outcome;
}

/** Was what had been lost with an idle connection answered well, or did it reach nobody when it was sent again? */
function multipliesNothing(outcome: Outcome): boolean {
  if (outcome.kind === 'response') return outcome.status < 500;
  return (
    outcome.kind === 'failed' &&
    (outcome.reset === 'connection-failure' || outcome.reset === 'connection-timeout')
  );
}

/**
 * What the peer is told of the attempt: its number, how long its answer is of use, and who retries. Recomputed for every attempt
 * (Envoy).
 */
function tellPeer(attempt: OutboundAttempt, call: OutboundCall, deadlineAt: number): void {
  const { headers } = call;
  const { number, startedAt: now } = attempt;
  headers[ATTEMPT_HEADER] = String(number);
  if (call.grpc && number > 1) headers['grpc-previous-rpc-attempts'] = String(number - 1);
  const word = retriesWord(attempt, call, deadlineAt);
  if (word !== null) headers[RETRIES_HEADER] = word;
  else if (number > 1) delete headers[RETRIES_HEADER];
  const leftMs = expectedTimeout(now, deadlineAt, call.deadlineAt);
  if (leftMs === undefined) return;
  // gRPC has a field of its own, which says the same to everybody.
  if (call.grpc) {
    headers['grpc-timeout'] = grpcTimeout(Number(leftMs))!;
    return;
  }
  headers[DEADLINE_HEADER] = leftMs;
  headers['x-envoy-expected-rq-timeout-ms'] = leftMs;
}

/** What the peer must know of our retries, and of those further up; null: nothing. */
function retriesWord(attempt: OutboundAttempt, call: OutboundCall, deadlineAt: number): string | null {
  const { serving, retries } = call;
  if (serving?.repeated === true) return SPENT;
  if (deadlineAt !== Number.POSITIVE_INFINITY)
    return retries !== null && repeatsWhenLate(retries, call.method, attempt.number - 1) ? ON_TIMEOUT : null;
  return serving?.repeatedWhenLate === true && call.deadlineAt === serving.deadlineAt ? ON_TIMEOUT : null;
}
