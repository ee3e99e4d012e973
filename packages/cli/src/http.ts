/** One request and its whole answer. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { CliError } from './io.js';
import { unreachable } from './refusal.js';

/** Longest silence of the service, in milliseconds. */
const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Of a TLS connection. */
  readonly agent?: Agent;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** @throws CliError if there is no answer */
export function exchange(target: URL, { method, headers, body, agent }: HttpRequest): Promise<HttpAnswer> {
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const options = {
    method,
    headers: { ...headers, ...length },
    timeout: TIMEOUT_MS,
    ...(agent && { agent }),
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error instanceof CliError ? error : unreachable(error, target));
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(target, options, (response) => {
      read(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), fail);
    });
    request.once('timeout', () => request.destroy(new Error(`no answer for ${TIMEOUT_MS / 1_000} s`)));
    request.once('error', fail);
    request.end(body);
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new CliError(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
