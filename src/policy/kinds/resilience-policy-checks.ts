/** The parts of a ResiliencePolicy: what their shapes cannot say. */
import { concurrencyPolicyFrom } from '../../traffic/concurrency/policy.js';
import { IDEMPOTENT_METHODS } from '../../traffic/hedge/policy.js';
import { queuePolicyFrom } from '../../traffic/queue/policy.js';
import { checkDuration, checkPercent } from './common.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';
import { checkMethod, checkRequestMatch } from './rate-limit-match.js';
import { checkBetween } from './resilience-policy-attachment.js';
import type {
  BreakerSpec,
  ConcurrencySpec,
  HedgingSpec,
  PrioritySpec,
  QueueSpec,
  RetryBudgetSpec,
} from './resilience-policy-shapes.js';

const MOST = 4_294_967_295;
/** @source gRPC A6: more than five attempts are taken as five */
const MOST_ATTEMPTS = 5;
const MOST_PRIORITIES = 100;

export function checkBreaker(breaker: BreakerSpec | undefined, findings: Findings): void {
  const path = ['spec', 'breaker'];
  checkPercent(breaker?.errorThresholdPercent, [...path, 'errorThresholdPercent'], findings);
  checkDuration(breaker?.window, [...path, 'window'], findings);
  checkDuration(breaker?.openDuration, [...path, 'openDuration'], findings);
  checkDuration(breaker?.rampDuration, [...path, 'rampDuration'], findings, { zero: true });
}

export function checkRetryBudget(budget: RetryBudgetSpec | undefined, findings: Findings): void {
  checkPercent(budget?.percent, ['spec', 'retryBudget', 'percent'], findings);
}

/** @param deadline of the same policy */
export function checkHedging(
  hedging: HedgingSpec | undefined,
  deadline: string | undefined,
  findings: Findings,
): void {
  if (hedging === undefined) return;
  const path = ['spec', 'hedging'];
  checkBetween(hedging.maxAttempts, [1, MOST_ATTEMPTS], [...path, 'maxAttempts'], findings);
  if (hedging.maxAttempts === 1)
    findings.warning([...path, 'maxAttempts'], 'one attempt is no hedging: 2 are the least that do anything');
  checkDuration(hedging.delay, [...path, 'delay'], findings);
  const [delayMs, deadlineMs] = [parseDuration(hedging.delay), parseDuration(deadline ?? '')];
  if (delayMs !== null && deadlineMs !== null && deadlineMs <= delayMs)
    findings.warning(
      [...path, 'delay'],
      `the deadline (${deadline}) is over before a second attempt could begin (after ${hedging.delay})`,
    );
  if (hedging.methods?.length === 0)
    findings.error(
      [...path, 'methods'],
      'an empty list hedges nothing; leave it out for those that may be repeated',
    );
  for (const [index, method] of (hedging.methods ?? []).entries()) {
    const at = [...path, 'methods', index];
    if (method === '') findings.error(at, 'the method is empty');
    checkMethod(method, at, findings);
    if (method === 'CONNECT') findings.error(at, 'a tunnel cannot be hedged');
    else if (/^(POST|PATCH)$/.test(method))
      findings.warning(
        at,
        `${method} may be carried out more than once; only ${IDEMPOTENT_METHODS.join(', ')} are safe to hedge whatever the service does`,
      );
  }
}

export function checkConcurrency(spec: ConcurrencySpec | undefined, findings: Findings): void {
  if (spec === undefined) return;
  const path = ['spec', 'concurrency'];
  checkBetween(spec.minLimit, [1, MOST], [...path, 'minLimit'], findings);
  checkBetween(spec.maxLimit, [1, MOST], [...path, 'maxLimit'], findings);
  checkBetween(spec.minRttRequests, [1, MOST], [...path, 'minRttRequests'], findings);
  const { minLimit, maxLimit } = concurrencyPolicyFrom({ minLimit: spec.minLimit, maxLimit: spec.maxLimit });
  if (minLimit > maxLimit)
    findings.error([...path, 'maxLimit'], `${maxLimit} is less than minLimit, which is ${minLimit}`);
  else checkBetween(spec.initialLimit, [minLimit, maxLimit], [...path, 'initialLimit'], findings);
  checkDuration(spec.sampleWindow, [...path, 'sampleWindow'], findings);
  checkDuration(spec.minRttInterval, [...path, 'minRttInterval'], findings);
  for (const field of ['percentile', 'jitterPercent', 'bufferPercent'] as const)
    checkPercent(spec[field], [...path, field], findings);
  if (spec.percentile === 0)
    findings.error([...path, 'percentile'], 'no latency is below all others: expected more than 0');
}

/** @param limited whether the policy has a limit that is waited for */
export function checkQueue(spec: QueueSpec | undefined, limited: boolean, findings: Findings): void {
  if (spec === undefined) return;
  const path = ['spec', 'queue'];
  if (!limited) findings.error(path, "exchanges wait for a place of 'concurrency': set it, too");
  checkBetween(spec.maxLength, [0, MOST], [...path, 'maxLength'], findings);
  for (const field of ['maxWait', 'standingWait', 'maxLoopDelay'] as const)
    checkDuration(spec[field], [...path, field], findings);
  const { maxWaitMs, standingWaitMs } = queuePolicyFrom({
    maxWaitMs: parseDuration(spec.maxWait ?? '') ?? undefined,
    standingWaitMs: parseDuration(spec.standingWait ?? '') ?? undefined,
  });
  if (standingWaitMs > maxWaitMs)
    findings.warning(
      [...path, 'standingWait'],
      `${standingWaitMs} ms is longer than maxWait, which is ${maxWaitMs} ms: under overload all wait longer, not shorter`,
    );
}

/** @param limited whether the policy has a limit that priorities share */
export function checkPriorities(
  rules: readonly PrioritySpec[] | undefined,
  limited: boolean,
  findings: Findings,
): void {
  if (rules === undefined) return;
  const path: FieldPath = ['spec', 'priorities'];
  if (!limited) findings.error(path, "priorities share the limit of 'concurrency': set it, too");
  checkBetween(rules.length, [1, MOST_PRIORITIES], path, findings);
  const names = new Set<string>();
  let last: string | null = null;
  for (const [index, { name, match }] of rules.entries()) {
    const at = [...path, index];
    if (name === '') findings.error([...at, 'name'], 'the name is empty');
    else if (names.has(name)) findings.error([...at, 'name'], `'${name}' is taken by an earlier priority`);
    names.add(name);
    checkRequestMatch(match, [...at, 'match'], findings);
    if (last !== null) findings.warning(at, `it is never looked at: '${last}' before it takes every request`);
    else if (Object.keys(match ?? {}).length === 0) last = name;
  }
}
