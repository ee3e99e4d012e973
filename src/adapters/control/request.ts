/** One small JSON request on a connection to the config service. */
import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2';
import { MeshError } from '../../base/errors.js';

/** Answers to single requests are certificates and roots: small. */
const MAX_ANSWER_BYTES = 1024 * 1024;

export interface JsonRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface JsonAnswer {
  readonly status: number;
  /** undefined: the body was not JSON. */
  readonly value: unknown;
}

/**
 * Sends `request` and reads the whole answer, whatever its status.
 * @throws MeshError `HEDDLE_CONNECTION_LOST` or `HEDDLE_PROTOCOL_ERROR`; the reason of `signal` if it aborts
 */
export function requestJson(
  session: ClientHttp2Session,
  request: JsonRequest,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const stream = session.request(
      {
        ':method': request.method,
        ':path': request.path,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
      { endStream: body === undefined },
    );
    const parts: Buffer[] = [];
    let status = 0;
    let size = 0;
    const onAbort = () => fail(signal.reason);
    const fail = (reason: unknown) => {
      signal.removeEventListener('abort', onAbort);
      reject(reason);
      stream.close();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    stream.on('response', (head: IncomingHttpHeaders & { ':status'?: number }) => {
      status = head[':status'] ?? 0;
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_ANSWER_BYTES) return void parts.push(chunk);
      fail(
        new MeshError(`the answer to ${request.path} is longer than ${MAX_ANSWER_BYTES} bytes`, {
          code: 'HEDDLE_PROTOCOL_ERROR',
        }),
      );
    });
    stream.on('error', (cause) => fail(lost(request.path, cause)));
    stream.on('close', () => {
      if (stream.rstCode !== 0 || status === 0) return fail(lost(request.path, undefined));
      signal.removeEventListener('abort', onAbort);
      resolve({ status, value: parseOrUndefined(Buffer.concat(parts).toString('utf8')) });
    });
    if (body !== undefined) stream.end(body);
  });
}

function lost(path: string, cause: unknown): MeshError {
  return new MeshError(`the connection to the config service broke during ${path}`, {
    code: 'HEDDLE_CONNECTION_LOST',
    sent: 'maybe',
    cause,
  });
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
