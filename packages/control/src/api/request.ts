/** One API request, over HTTP/1.1 or HTTP/2, with what was found out about it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Clock } from 'heddle/ports';
import type { Principal } from './authenticate.js';
import { ApiError } from './errors.js';

export type RawRequest = IncomingMessage | Http2ServerRequest;
export type RawResponse = ServerResponse | Http2ServerResponse;

export interface ApiRequest {
  readonly raw: RawRequest;
  readonly response: RawResponse;
  readonly url: URL;
  /** Named parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly principal: Principal;
  readonly clock: Clock;
}

/** How long a body may take to arrive. */
const BODY_MS = 30_000;

/**
 * The whole body.
 * @throws ApiError 413 if it is longer than `maxBytes`, 408 if it does not arrive, 400 if it is not UTF-8
 */
export async function readBody(request: ApiRequest, maxBytes: number): Promise<string> {
  const { raw, clock } = request;
  if (Number(raw.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const parts: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      timer.cancel();
      raw.removeAllListeners('data');
      raw.resume();
      reject(error);
    };
    const timer = clock.after(BODY_MS, () =>
      fail(new ApiError(408, 'timeout', 'the body did not arrive in time')),
    );
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) fail(tooLarge(maxBytes));
      else parts.push(chunk);
    });
    const gone = () => fail(new ApiError(400, 'invalid', 'the body ended early'));
    raw.once('error', gone);
    raw.once('aborted', gone);
    raw.once('end', () => {
      timer.cancel();
      resolve();
    });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new ApiError(400, 'invalid', 'the body is not UTF-8');
  }
}

/** The body as a JSON object. An empty body is an empty object. @throws ApiError 400, 408, 413 */
export async function readJson(
  request: ApiRequest,
  maxBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await readBody(request, maxBytes);
  return text.trim() === '' ? {} : parseJsonObject(text);
}

/** @throws ApiError 400 */
export function parseJsonObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, 'invalid', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError(400, 'invalid', 'the body is not a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}

export interface Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default 'application/json' */
  readonly type?: string;
  readonly body: string | Buffer;
}

export function send(response: RawResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const headers = {
    'content-type': answer.type ?? 'application/json',
    'content-length': String(Buffer.byteLength(answer.body)),
    'cache-control': 'no-store',
    ...answer.headers,
  };
  (response as ServerResponse).writeHead(answer.status ?? 200, headers);
  (response as ServerResponse).end(answer.body);
}

export function sendJson(
  response: RawResponse,
  value: unknown,
  options: Omit<Answer, 'body' | 'type'> = {},
): void {
  send(response, { ...options, body: `${JSON.stringify(value)}\n` });
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError(413, 'too_large', `the body is longer than ${maxBytes} bytes`);
}
