/**
 * Handlers that were written for `node:http`, in front of HTTP/2: they get Node's own request and response, the very classes, so that
 * whatever is built on these (Express, which swaps their prototypes, is) finds all that it knows. What a sidecar does by speaking
 * HTTP/1.1 to the application is done here without the second connection. Handlers that want HTTP/2 itself hand in a `node:http2` server.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Arrived } from './arrived.js';
import type { StreamTarget } from './stream.js';
import { StreamSocket } from './stream-socket.js';

export function translate(
  path: InboundPath,
  fn: (request: IncomingMessage, response: ServerResponse) => unknown,
): StreamTarget {
  return (arrived, exchange) => {
    const socket = new StreamSocket(arrived);
    const request = requestOf(arrived, socket);
    path.exchanges.set(request, exchange);
    const response = responseOf(request, socket);
    // As Node does where the handler does not ask to be asked.
    if (/^100-continue$/i.test(request.headers.expect ?? '')) response.writeContinue();
    fn(request, response);
  };
}

function requestOf(arrived: Arrived, socket: StreamSocket): IncomingMessage {
  const { stream, headers, raw } = arrived;
  const request = new IncomingMessage(socket as unknown as Socket);
  request.method = headers[':method']!;
  request.url = headers[':path']!;
  request.httpVersion = '2.0';
  request.httpVersionMajor = 2;
  request.httpVersionMinor = 0;
  const fields: IncomingMessage['headers'] = {};
  const authority = headers[':authority'];
  // First, as it comes on HTTP/1.1.
  if (authority !== undefined) fields.host = authority;
  for (const name in headers) if (!name.startsWith(':')) fields[name] = headers[name];
  // What a body without a length is known by on HTTP/1.1: parsers of bodies look for one or the other.
  const isUnmeasured = !stream.endAfterHeaders && headers['content-length'] === undefined;
  if (isUnmeasured) fields['transfer-encoding'] = 'chunked';
  request.headers = fields;
  const rawFields = authority === undefined || headers.host !== undefined ? [] : ['host', authority];
  for (let at = 0; at < raw.length; at += 2)
    if (!raw[at]!.startsWith(':')) rawFields.push(raw[at]!, raw[at + 1]!);
  if (isUnmeasured) rawFields.push('transfer-encoding', 'chunked');
  request.rawHeaders = rawFields;
  request.headersDistinct = distinct(rawFields);
  readBody(request, stream);
  return request;
}

function distinct(raw: readonly string[]): NodeJS.Dict<string[]> {
  const fields: NodeJS.Dict<string[]> = Object.create(null);
  for (let at = 0; at < raw.length; at += 2) (fields[raw[at]!] ??= []).push(raw[at + 1]!);
  return fields;
}

function readBody(request: IncomingMessage, stream: Arrived['stream']): void {
  request._read = () => void stream.resume();
  if (stream.endAfterHeaders) {
    request.complete = true;
    request.push(null);
    return;
  }
  stream.on('data', (chunk: Buffer) => {
    if (!request.push(chunk)) stream.pause();
  });
  stream.once('trailers', (trailers: NodeJS.Dict<string>) => {
    request.trailers = trailers;
    request.rawTrailers = Object.entries(trailers).flatMap(([name, value]) => [name, String(value)]);
  });
  const isWhole = watchEnd(stream);
  // Node tells the end before it tells that the stream was taken back, which ends it, too.
  stream.once('end', () =>
    setImmediate(() => {
      if (stream.aborted || !isWhole()) return;
      request.complete = true;
      request.push(null);
    }),
  );
  stream.once('close', () =>
    setImmediate(() => {
      if (!request.complete) request.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    }),
  );
}

/**
 * A stream that we close before its body is here ends for its reader as if it were: what has come so far must not pass for the whole.
 * @returns whether the end that the reader hears of is the sender's
 */
function watchEnd(stream: Arrived['stream']): () => boolean {
  let ended = stream.state.remoteClose === 1;
  let whole = true;
  const { push } = stream;
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk === null && !ended) {
      ended = true;
      whole = !stream.closed;
    }
    return push.call(stream, chunk, encoding);
  };
  return () => whole;
}

function responseOf(request: IncomingMessage, socket: StreamSocket): ServerResponse {
  const response = new ServerResponse(request);
  // HTTP/2 has frames of its own: the head may say what it likes of chunks, there are none in the body.
  let chunked = false;
  Object.defineProperty(response, 'chunkedEncoding', {
    get: () => chunked && !response.headersSent,
    set: (value: boolean) => (chunked = value),
  });
  response.useChunkedEncodingByDefault = true;
  // Node's server keeps this for itself.
  Object.defineProperty(response, 'writableNeedDrain', {
    get: () => !response.writableEnded && socket.writableNeedDrain,
  });
  const trailers: Record<string, string | string[]> = {};
  response.addTrailers = (given) => {
    for (const [name, value] of Array.isArray(given) ? given : Object.entries(given))
      trailers[String(name).toLowerCase()] = value as string | string[];
  };
  socket.trailers = (): OutgoingHttpHeaders => trailers;
  response.assignSocket(socket as unknown as Socket);
  socket.on('drain', () => {
    if (!response.writableEnded) response.emit('drain');
  });
  socket.on('timeout', () => {
    if (!response.emit('timeout', socket) && !request.emit('timeout', socket)) socket.destroy();
  });
  response.once('finish', () => socket.end());
  return response;
}
