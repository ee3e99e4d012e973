/**
 * The centre: one call out. Read the snapshot once, match the route, choose the cluster, start the deadline, ask the call's
 * filters; then attempt, decide, and attempt again while policy says so.
 */
import type { Clock } from '../base/clock.js';
import type { Deadlines } from '../base/deadlines.js';
import { appendField, headerValue } from '../base/headers.js';
import type { Random } from '../base/random.js';
import type { CallRequest } from '../model/call.js';
import type { Exchange } from '../model/exchange.js';
import type { Outcome, Rejected } from '../model/outcome.js';
import { givenUp } from '../model/waiting.js';
import type { Transport } from '../ports/transport.js';
import { applyHeaders } from '../traffic/headers/decide.js';
import { isSpent, matchingCondition, retryAttempts, spends } from '../traffic/retry/index.js';
import type { RetryPolicy } from '../traffic/retry/policy.js';
import { decideDeadline, parseGrpcTimeout } from '../traffic/timeout/index.js';
import { heed, isTimeout, noContent } from './asked.js';
import { beginFirst, concluded, OutboundAttempt, runAttempt } from './attempt.js';
import type { OutboundSnapshot } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';
import { hedgingOf, runHedged } from './hedged.js';
import { admitCall, settleCall } from './order.js';
import { OutboundCall } from './outbound-call.js';
import { type Plan, planCall } from './plan.js';
import { isUnready, whenReady } from './ready.js';

export interface OutboundOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  readonly transport: Transport;
  /** The exchange that the running code serves. */
  readonly ambient: () => Exchange | undefined;
}

/** What calls need. The snapshot is the only thing in it that changes. */
export class Outbound {
  readonly clock: Clock;
  readonly random: Random;
  readonly deadlines: Deadlines;
  readonly transport: Transport;
  readonly #ambient: () => Exchange | undefined;
  snapshot: OutboundSnapshot | null = null;
  closed = false;
  /** Calls begun and not yet released. */
  active = 0;
  #idle: (() => void) | null = null;

  constructor(options: OutboundOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.deadlines = options.deadlines;
    this.transport = options.transport;
    this.#ambient = options.ambient;
  }

  begin(request: CallRequest): OutboundCall {
    return new OutboundCall(request, this.clock.now(), this.#ambient());
  }

  /** @internal */
  entered(): void {
    this.active += 1;
  }

  /** @internal */
  left(call: OutboundCall): void {
    this.deadlines.disarm(call);
    this.active -= 1;
    if (this.active === 0) this.#idle?.();
  }

  /** Resolves when no call is under way, or when the time is over. */
  idle(timeoutMs: number): Promise<void> {
    if (this.active === 0 || timeoutMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.after(timeoutMs, resolve, 'holds');
      this.#idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

/** Why nothing can be asked for just now; null: it can. */
export function unready({ closed, snapshot }: Outbound): Rejected | null {
  if (closed) return CLOSED;
  return snapshot === null ? NO_POLICY : null;
}

const CLOSED: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_CLOSED',
  flag: '-',
  status: 503,
  because: 'this mesh was closed',
};
const NO_POLICY: Rejected = {
  kind: 'rejected',
  code: 'HEDDLE_NO_POLICY',
  flag: 'NC',
  status: 503,
  because: 'no policy has been received yet',
};

/**
 * Never rejects: how the call ended is the outcome. One function that waits once, for the wire: each promise between a call and its wire
 * would cost three turns of the microtask queue.
 */
export async function runCall(outbound: Outbound, call: OutboundCall): Promise<Outcome> {
  const { snapshot } = outbound;
  if (outbound.closed) return CLOSED;
  if (snapshot === null) return NO_POLICY;
  call.revision = snapshot.revision;
  call.filters = snapshot.callFilters;
  const plan = planCall(snapshot, call, outbound.random);
  call.plan = plan;
  call.retries = plan.route?.retries ?? null;
  heed(call);
  outbound.entered();
  call.onReleased = outbound;
  startDeadline(outbound, call, plan);
  call.watch();
  if (call.deadlineAt <= call.startedAt) call.cancel('deadline', undefined);

  const answer = admitCall(call.filters, call);
  let outcome = answer instanceof Promise ? await answer : answer;
  if (outcome === null && call.cancelledBy !== undefined) outcome = givenUp(call, 'no');
  outcome ??= plan.answer;
  if (outcome === null) {
    const cluster = plan.cluster!;
    const { serving } = call;
    if (serving?.repeated !== true) cluster.state.budget.called(call.startedAt);
    const hedging = hedgingOf(call, cluster);
    if (hedging !== null) outcome = await runHedged(outbound, call, cluster, hedging);
    else {
      const first = beginFirst(outbound, call, cluster);
      outcome =
        first instanceof OutboundAttempt
          ? concluded(outbound, first, await outbound.transport.send(first))
          : first;
    }
    if (call.waitForReady && isUnready(outcome)) outcome = await whenReady(outbound, call, cluster, outcome);
    // The retry loop is entered on failure only.
    const { retries } = call;
    if (retries !== null && matchingCondition(retries, outcome) !== undefined)
      outcome = await retryAfter(outbound, call, { cluster, first: outcome, retries });
    if (serving !== undefined && isSpent(outcome)) serving.spendRetries();
  }
  if (call.asked?.noContent === true && isTimeout(outcome)) outcome = noContent(call);
  if (outcome.kind !== 'response' && outcome.kind !== 'cancelled' && outcome.flag !== '-')
    call.flags.add(outcome.flag);

  settleCall(call.filters, call, outcome);
  if (outcome.kind !== 'response') call.release();
  else {
    const steps = (plan.destination ?? plan.route)?.responseHeaders;
    if (steps !== undefined && steps.length > 0) applyHeaders(steps, outcome.headers, call);
    if (plan.cors !== null) Object.assign(outcome.headers, plan.cors);
    if (call.cookie !== null) appendField(outcome.headers, 'set-cookie', call.cookie.header);
    // What the connection has become has its own time. @source Envoy: a route's timeout ends with the request, and this one has no end
    if (outcome.upgraded !== undefined) outbound.deadlines.disarm(call);
    outcome.body.owner = call;
  }
  return outcome;
}

interface FailedFirst {
  readonly cluster: BoundCluster;
  readonly first: Outcome;
  readonly retries: RetryPolicy;
}

function retryAfter(outbound: Outbound, call: OutboundCall, failed: FailedFirst): Promise<Outcome> {
  const { cluster, first, retries } = failed;
  const { serving } = call;
  return retryAttempts({
    call,
    first,
    policy: retries,
    budget: cluster.state.budget,
    active: () => cluster.state.limit.active,
    clock: outbound.clock,
    random: outbound.random,
    repeatedAbove: serving?.repeated === true,
    repeatedAboveAt: serving?.repeatedWhenLate === true ? serving.deadlineAt : Number.POSITIVE_INFINITY,
    retriesBefore: call.asked?.hedge === true ? call.attempts - 1 : 0,
    run: () => runAttempt(outbound, call, cluster, call.attempts + 1),
    onStop: (because) => {
      if (spends(because) && retries.attempts > 0) serving?.spendRetries();
    },
  });
}

/** The smallest of the route's, the host's, the caller's and what is left of the exchange being served. */
export function startDeadline(outbound: Outbound, call: OutboundCall, plan: Plan): void {
  call.deadlineAt = decideDeadline({
    now: call.startedAt,
    routeTimeoutMs: call.asked?.timeoutMs ?? plan.route?.timeoutMs ?? null,
    hostDeadlineMs: plan.cluster?.policy.deadlineMs,
    callerTimeoutMs: callerTimeoutMs(call),
    exchangeDeadlineAt: call.serving?.deadlineAt ?? Number.POSITIVE_INFINITY,
  });
  if (call.deadlineAt !== Number.POSITIVE_INFINITY) outbound.deadlines.arm(call, call.deadlineAt);
}

/** What the caller set beside policy: in its options, and for gRPC in the protocol's own header. */
function callerTimeoutMs({ timeoutMs, grpc, headers }: OutboundCall): number | null {
  const asked = grpc ? parseGrpcTimeout(headerValue(headers, 'grpc-timeout')) : undefined;
  if (asked === undefined) return timeoutMs ?? null;
  return timeoutMs === undefined ? asked : Math.min(asked, timeoutMs);
}
