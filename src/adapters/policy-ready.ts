/** Waiting for the first policy of a source, with an end. */
import { MeshError } from '../base/errors.js';
import type { Source } from '../base/source.js';
import type { EffectivePolicy } from '../policy/effective.js';
import { formatMessage, type PolicySourceStatus } from '../policy/source.js';
import { keepAlive } from './keep-alive.js';

export interface ReadyFacts {
  readonly policy: Source<EffectivePolicy | null>;
  readonly status: Source<PolicySourceStatus>;
  /** Aborts when the source is closed. */
  readonly closed: AbortSignal;
  /** Whether a first policy that is refused ends the waiting: nobody is expected to mend it meanwhile. */
  readonly refusalIsFinal: boolean;
  /** What no waiting will mend, e.g. a token that was refused; null: there is hope. @default never */
  readonly hopeless?: () => MeshError | null;
}

/**
 * Resolves when there is a policy.
 * @throws MeshError `HEDDLE_JOIN_FAILED` with what was missing when `signal` aborts first or waiting is hopeless; `HEDDLE_INVALID_POLICY` if the first one is
 * refused for good; `HEDDLE_CLOSED` if the source is closed
 */
export function policyReady(facts: ReadyFacts, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const letGo = keepAlive();
    const finish = (settle: () => void) => {
      letGo();
      unsubscribePolicy();
      unsubscribeStatus();
      signal.removeEventListener('abort', check);
      facts.closed.removeEventListener('abort', check);
      settle();
    };
    const check = () => {
      if (facts.policy.current() !== null) return finish(resolve);
      const error = reasonToStop(facts, signal);
      if (error !== null) finish(() => reject(error));
    };
    const unsubscribePolicy = facts.policy.subscribe(check);
    const unsubscribeStatus = facts.status.subscribe(check);
    signal.addEventListener('abort', check, { once: true });
    facts.closed.addEventListener('abort', check, { once: true });
    check();
  });
}

function reasonToStop(facts: ReadyFacts, signal: AbortSignal): MeshError | null {
  const status = facts.status.current();
  const refused = status.refused?.messages.map(formatMessage).join('\n  ');
  if (facts.closed.aborted) return new MeshError('the policy source is closed', { code: 'HEDDLE_CLOSED' });
  if (refused !== undefined && (facts.refusalIsFinal || signal.aborted)) {
    return new MeshError(`the policy from ${status.location} is refused:\n  ${refused}`, {
      code: 'HEDDLE_INVALID_POLICY',
    });
  }
  const hopeless = facts.hopeless?.() ?? null;
  if (hopeless !== null) {
    return new MeshError(`no policy from ${status.location}: ${hopeless.message}`, {
      code: 'HEDDLE_JOIN_FAILED',
      cause: hopeless,
    });
  }
  if (!signal.aborted) return null;
  const missing = status.lastError ?? 'nothing has answered yet';
  return new MeshError(`no policy in time from ${status.location}: ${missing}`, {
    code: 'HEDDLE_JOIN_FAILED',
    cause: signal.reason,
  });
}
