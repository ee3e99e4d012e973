/** What undici's and Node's errors mean in the mesh's words. Each row says why. */
import { isMeshError, type Sent } from '../../base/errors.js';
import type { Attempt, AttemptStop } from '../../model/attempt.js';
import type { Cancelled, Failed } from '../../model/outcome.js';

/** The outcome of an attempt that we stopped ourselves. */
export function stopped(stop: AttemptStop, sent: Sent): Failed | Cancelled {
  if (stop === 'cancelled') return { kind: 'cancelled', cause: undefined };
  return {
    kind: 'failed',
    reset: stop === 'per-try-timeout' ? 'per-try-timeout' : 'timeout',
    code: 'HEDDLE_DEADLINE_EXCEEDED',
    flag: 'UT',
    sent,
    because: stop === 'per-try-timeout' ? 'per-try-timeout' : 'timeout',
  };
}

/** Codes of OpenSSL's chain verification, as Node names them. */
const VERIFICATION =
  /^(UNABLE_TO_|CERT_|SELF_SIGNED|DEPTH_ZERO_SELF_SIGNED|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_CERT)/;

/** @param started whether undici had begun to write the request */
export function failureOf(
  error: Error & { code?: string },
  attempt: Attempt,
  started: boolean,
): Failed | Cancelled {
  const sent: Sent = started ? 'maybe' : 'no';
  if (attempt.stopped !== null) return stopped(attempt.stopped, sent);
  const base = { kind: 'failed', sent, cause: error } as const;
  if (isMeshError(error, 'HEDDLE_PEER_UNTRUSTED') || VERIFICATION.test(error.code ?? '')) {
    return {
      ...base,
      reset: 'connection-failure',
      code: 'HEDDLE_PEER_UNTRUSTED',
      flag: 'UF',
      because: 'peer-untrusted',
    };
  }
  // Our own refusal to connect, such as for want of an SVID: no other endpoint would do better.
  if (isMeshError(error)) {
    return { ...base, reset: 'local-reset', code: error.code, flag: 'LR', because: 'no-connection' };
  }
  switch (error.code) {
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
    case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      return {
        ...base,
        reset: 'local-reset',
        code: 'HEDDLE_INVALID_ARGUMENT',
        flag: 'LR',
        because: 'invalid-request',
      };
    case 'UND_ERR_CONNECT_TIMEOUT':
      return {
        ...base,
        reset: 'connection-timeout',
        code: 'HEDDLE_CONNECT_FAILED',
        flag: 'UF',
        because: 'connection-timeout',
      };
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return {
        ...base,
        reset: 'local-reset',
        code: 'HEDDLE_CLOSED',
        flag: 'LR',
        because: 'closed',
      };
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return {
        ...base,
        reset: 'protocol-error',
        code: 'HEDDLE_PROTOCOL_ERROR',
        flag: 'UPE',
        because: 'protocol-error',
      };
  }
  // The parser's errors are told by their name: undici fails to fill in the code that it documents.
  if (error.name === 'HTTPParserError' || error.code?.startsWith('HPE_')) {
    return {
      ...base,
      reset: 'protocol-error',
      code: 'HEDDLE_PROTOCOL_ERROR',
      flag: 'UPE',
      because: 'protocol-error',
    };
  }
  if (!started) {
    return {
      ...base,
      reset: 'connection-failure',
      code: 'HEDDLE_CONNECT_FAILED',
      flag: 'UF',
      because: 'connection-failure',
    };
  }
  return {
    ...base,
    reset: 'connection-termination',
    code: 'HEDDLE_CONNECTION_LOST',
    flag: 'UC',
    because: 'connection-termination',
  };
}
