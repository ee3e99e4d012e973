/** Where an outcome becomes what a caller sees: the one place that makes `MeshError`s of outcomes. */
import { isMeshError, MeshError } from '../base/errors.js';
import type { Call } from '../model/call.js';
import { formatFlags } from '../model/flags.js';
import type { Outcome, Responded } from '../model/outcome.js';

/**
 * The response, or what to throw instead of it.
 * @throws the caller's own reason for a cancelled call, else a MeshError
 */
export function responseOf(call: Call, outcome: Outcome): Responded {
  if (outcome.kind === 'response') return outcome;
  throw errorOf(call, outcome);
}

/** What a caller gets for an outcome without a response. */
export function errorOf(call: Call, outcome: Exclude<Outcome, Responded>): unknown {
  if (call.cancelledBy?.kind === 'signal') return call.cancelledBy.reason;
  if (outcome.kind === 'cancelled') return outcome.cause;
  const endpoint = call.current?.endpoint.endpoint.key;
  const failed = outcome.kind === 'failed';
  if (outcome.flag !== '-') call.flags.add(outcome.flag);
  return new MeshError(describe(call, outcome.because, endpoint, failed ? outcome.cause : outcome.detail), {
    code: outcome.code,
    flag: formatFlags(call.flags),
    sent: failed ? outcome.sent : 'no',
    service: call.service === '' ? call.originalAuthority : call.service,
    cluster: call.cluster === '' ? undefined : call.cluster,
    endpoint,
    attempts: call.attempts,
    revision: call.revision,
    retryAfterMs: failed ? undefined : outcome.retryAfterMs,
    cause: failed ? outcome.cause : undefined,
  });
}

/** What a reader of the body gets when it breaks off. */
export function bodyErrorOf(call: Call, error: Error): unknown {
  if (call.cancelledBy?.kind === 'signal') return call.cancelledBy.reason;
  if (isMeshError(error)) return error;
  const deadline = call.cancelledBy?.kind === 'deadline';
  return new MeshError(
    describe(
      call,
      deadline ? 'timeout while the body was read' : 'the connection was lost while the body was read',
      call.current?.endpoint.endpoint.key,
      deadline ? undefined : error,
    ),
    {
      code: deadline ? 'HEDDLE_DEADLINE_EXCEEDED' : 'HEDDLE_CONNECTION_LOST',
      flag: deadline ? 'UT' : 'UC',
      sent: 'maybe',
      service: call.service,
      cluster: call.cluster,
      endpoint: call.current?.endpoint.endpoint.key,
      attempts: call.attempts,
      revision: call.revision,
      cause: error,
    },
  );
}

function describe(call: Call, because: string, endpoint: string | undefined, cause: unknown): string {
  const target = endpoint === undefined ? call.originalAuthority : `${call.originalAuthority} (${endpoint})`;
  const route = call.virtualService === null ? '' : `, route ${call.virtualService}`;
  const tries = call.attempts > 1 ? ` after ${call.attempts} attempts` : '';
  const text = cause instanceof Error ? cause.message : cause;
  const detail = typeof text === 'string' && text !== '' ? `: ${text}` : '';
  const flags = call.flags.size === 0 ? '' : `flags ${formatFlags(call.flags)}, `;
  return `${call.method} ${target}: ${because}${tries}${detail} (${flags}policy revision ${call.revision}${route})`;
}
