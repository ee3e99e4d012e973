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
    sent: outcome.sent ?? 'no',
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
  if (call.cancelledBy?.kind === 'deadline')
    return bodyError(call, 'HEDDLE_DEADLINE_EXCEEDED', 'timeout while the body was read', error, null);
  return bodyError(call, 'HEDDLE_CONNECTION_LOST', 'the connection was lost while the body was read', error);
}

/** What a reader of the body gets when its content coding can not be undone. */
export function codingErrorOf(call: Call, error: Error): MeshError {
  return bodyError(call, 'HEDDLE_PROTOCOL_ERROR', 'the body is not what its content-encoding says', error);
}

const BODY_FLAGS = {
  HEDDLE_DEADLINE_EXCEEDED: 'UT',
  HEDDLE_CONNECTION_LOST: 'UC',
  HEDDLE_PROTOCOL_ERROR: 'UPE',
} as const;

/** @param told what of the cause the message tells */
function bodyError(
  call: Call,
  code: keyof typeof BODY_FLAGS,
  because: string,
  cause: Error,
  told: Error | null = cause,
): MeshError {
  const endpoint = call.current?.endpoint.endpoint.key;
  return new MeshError(describe(call, because, endpoint, told), {
    code,
    flag: BODY_FLAGS[code],
    sent: 'maybe',
    service: call.service,
    cluster: call.cluster,
    endpoint,
    attempts: call.attempts,
    revision: call.revision,
    cause,
  });
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
