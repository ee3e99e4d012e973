/**
 * Errors as `fetch` has them: a `TypeError` of few words whose cause says it all. What a `MeshError` knows stands on it too, so that
 * `isMeshError(error, code)` holds, and logs that print an error's own fields show them.
 */
import { isMeshError, type MeshError } from '../../base/errors.js';
import type { Call } from '../../model/call.js';
import type { Outcome, Responded } from '../../model/outcome.js';
import { bodyErrorOf, codingErrorOf, errorOf } from '../../outbound/surface.js';

const BRAND = Symbol.for('heddle.MeshError');

type Message = 'fetch failed' | 'terminated';

/** The `TypeError` that stands for `cause`. */
export function typeErrorOf(message: Message, cause: MeshError): TypeError {
  const { code, flag, sent, service, cluster, endpoint, attempts, revision, retryAfterMs } = cause;
  const error = new TypeError(message, { cause });
  Object.defineProperty(error, BRAND, { value: true });
  return Object.assign(error, {
    code,
    flag,
    sent,
    service,
    cluster,
    endpoint,
    attempts,
    revision,
    retryAfterMs,
  });
}

/** What the caller gets for a call without a response: its own reason if it gave the call up, else a `TypeError`. */
export function rejectionOf(call: Call, outcome: Exclude<Outcome, Responded>): unknown {
  return wrapped(call, 'fetch failed', errorOf(call, outcome));
}

/** What a reader of the body gets when it breaks off. */
export function brokenOff(call: Call, error: Error): unknown {
  return wrapped(call, 'terminated', bodyErrorOf(call, error));
}

/** The same where the body is decoded on the way: what the mesh does not know of is the coding's fault. */
export function undecodable(call: Call, error: Error): unknown {
  if (isMeshError(error) || call.cancelledBy !== undefined) return brokenOff(call, error);
  return typeErrorOf('terminated', codingErrorOf(call, error));
}

/** A reason is the caller's own, whatever it is. */
function wrapped(call: Call, message: Message, error: unknown): unknown {
  return call.cancelledBy?.kind === 'signal' || !isMeshError(error) ? error : typeErrorOf(message, error);
}

/** What the Fetch standard calls a network error, where the mesh has no part in it. */
export function networkError(because: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(because) });
}
