/** What HTTP/2's error codes mean in the mesh's words. What breaks below HTTP/2 means what it means for HTTP/1.1. */
import { constants } from 'node:http2';
import type { Attempt } from '../../model/attempt.js';
import type { Cancelled, Failed } from '../../model/outcome.js';
import { failureOf, stopped } from '../undici/failures.js';

/** The peer has broken the protocol, says that we have, or has had enough of us. */
const OF_THE_PROTOCOL: ReadonlySet<number> = new Set([
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_FLOW_CONTROL_ERROR,
  constants.NGHTTP2_SETTINGS_TIMEOUT,
  constants.NGHTTP2_STREAM_CLOSED,
  constants.NGHTTP2_FRAME_SIZE_ERROR,
  constants.NGHTTP2_COMPRESSION_ERROR,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
  constants.NGHTTP2_INADEQUATE_SECURITY,
  constants.NGHTTP2_HTTP_1_1_REQUIRED,
]);

/** Node's names for errors of a whole connection that are no errors of its socket. */
const OF_A_SESSION = /^ERR_HTTP2_(ERROR|SESSION_ERROR|TOO_MANY_)/;

const PROTOCOL_ERROR = {
  kind: 'failed',
  reset: 'protocol-error',
  code: 'HEDDLE_PROTOCOL_ERROR',
  flag: 'UPE',
  because: 'protocol-error',
} as const;

/** The peer has closed a stream. */
export class StreamReset extends Error {
  /** Why, as the peer says. @source RFC 9113 §7 */
  readonly http2Code: number;

  constructor(code: number, cause: Error | null) {
    super(
      cause?.message ?? `the peer has closed the stream with code ${code}`,
      cause === null ? {} : { cause },
    );
    this.http2Code = code;
  }
}

/** The peer has ended a stream, or a connection with GOAWAY, before there was an answer. @param code RFC 9113 §7 */
export function resetFailure(code: number, attempt: Attempt, cause: unknown): Failed | Cancelled {
  if (code === constants.NGHTTP2_REFUSED_STREAM) return refused(attempt, cause);
  if (attempt.stopped !== null) return stopped(attempt.stopped, 'maybe');
  if (OF_THE_PROTOCOL.has(code)) return { ...PROTOCOL_ERROR, sent: 'maybe', cause };
  return {
    kind: 'failed',
    reset: 'remote-reset',
    code: 'HEDDLE_CONNECTION_LOST',
    flag: 'UR',
    sent: 'maybe',
    because: 'remote-reset',
    cause,
  };
}

/** The peer says that it has not looked at the request. @source RFC 9113 §8.7 */
export function refused(attempt: Attempt, cause: unknown): Failed | Cancelled {
  if (attempt.stopped !== null) return stopped(attempt.stopped, 'no');
  return {
    kind: 'failed',
    reset: 'refused-stream',
    code: 'HEDDLE_CONNECTION_LOST',
    flag: 'UR',
    sent: 'no',
    because: 'refused-stream',
    cause,
  };
}

/** A connection has broken, or there was none. @param started whether the request had begun to leave */
export function connectionFailure(
  error: Error & { code?: string },
  attempt: Attempt,
  started: boolean,
): Failed | Cancelled {
  if (attempt.stopped === null && OF_A_SESSION.test(error.code ?? ''))
    return { ...PROTOCOL_ERROR, sent: started ? 'maybe' : 'no', cause: error };
  return failureOf(error, attempt, started);
}
