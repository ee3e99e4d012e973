/** Callers that speak HTTP/2, for the tests of this folder. */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';
import type { TestContext } from 'node:test';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** 0 for none. */
  readonly resetCode: number;
}

/** Closed when the test ends. */
export async function dial(
  t: TestContext,
  port: number,
  tls?: SecureClientSessionOptions,
): Promise<ClientHttp2Session> {
  const session =
    tls === undefined
      ? connect(`http://127.0.0.1:${port}`)
      : connect(`https://127.0.0.1:${port}`, { checkServerIdentity: () => undefined, ...tls });
  session.on('error', () => {});
  t.after(() => session.destroy());
  await Promise.race([once(session, 'remoteSettings'), once(session, 'close')]);
  return session;
}

export function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders): ClientHttp2Stream {
  const stream = session.request({ ':authority': 'reviews', ...headers });
  stream.on('error', () => {});
  return stream;
}

/** Resolves when the stream is closed, however it was. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  let headers: Answer['headers'] = {};
  let trailers: Answer['trailers'] = {};
  let body = '';
  stream.setEncoding('utf8');
  stream.on('response', (given) => (headers = given));
  stream.on('trailers', (given) => (trailers = given));
  stream.on('data', (text: string) => (body += text));
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  const status = Number(headers[':status'] ?? 0);
  return { status, headers, trailers, body, resetCode: stream.rstCode ?? 0 };
}

export async function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  body?: string,
): Promise<Answer> {
  const stream = begin(session, { ':path': '/', ...headers });
  const answer = answerOf(stream);
  stream.end(body);
  return answer;
}
