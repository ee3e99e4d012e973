/**
 * One exchange on Node's HTTP server: what goes over the response is counted, and its end is told, whichever way it comes.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { HeaderFields } from '../../base/headers.js';
import { Connection, plainAddress, type Serving } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Exchange, ExchangeServer, Refusal } from '../../model/exchange.js';
import { isFailure, RETRIES_HEADER, SPENT } from '../../traffic/retry/tree.js';
import { factsOf, faultOf } from './head.js';
import { readAhead } from './read-ahead.js';

/** The exchange of a request that just arrived, begun and watched; or null if another adapter has begun it already. */
export function begin(
  path: InboundPath,
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
): Exchange | null {
  if (path.exchanges.has(request)) return null;
  const connection = connectionOf(path, request);
  const facts = factsOf(request, target, connection, path.trustedHops);
  const exchange = path.begin(facts, faultOf(request, target));
  path.exchanges.set(request, exchange);
  connection.begin(new HttpServing(path, connection, exchange, request, response));
  return exchange;
}

/** A connection that did not come through a port of ours is one of plain text to us: nobody here verified who is behind it. */
export function connectionOf(path: InboundPath, request: IncomingMessage): Connection {
  const { socket } = request;
  const known = path.connections.get(socket);
  if (known !== undefined) return known;
  const peer = { id: null, address: plainAddress(socket.remoteAddress), sni: null };
  const connection = new Connection(socket, peer, 'encrypted' in socket);
  path.connections.set(socket, connection);
  return connection;
}

/** Answers in the handler's stead. A body that was not read is skipped by Node, so that the connection lives on. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  if (refusal.close) response.setHeader('connection', 'close');
  response.writeHead(refusal.status, {
    'content-type': 'text/plain',
    ...refusal.headers,
    'content-length': Buffer.byteLength(refusal.body),
  });
  response.end(refusal.body);
}

class HttpServing implements Serving, ExchangeServer {
  readonly #path: InboundPath;
  readonly #connection: Connection;
  readonly #exchange: Exchange;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(
    path: InboundPath,
    connection: Connection,
    exchange: Exchange,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#path = path;
    this.#connection = connection;
    this.#exchange = exchange;
    this.#request = request;
    this.#response = response;
    exchange.server = this;
    if (path.draining) this.beLast();
    const { headers } = request;
    if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) {
      countReceived(path, exchange, request);
    }
    if (exchange.bodyWanted !== null) exchange.bodyAhead = readAhead(request, response, exchange.bodyWanted);
    this.#watch(request.method !== 'HEAD');
  }

  /** @param counting whether what is sent is the body: it is not for `HEAD` */
  #watch(counting: boolean): void {
    const response: Watched = this.#response;
    const { write, end } = ServerResponse.prototype;
    if (response[SERVING] !== undefined || response.write !== write || response.end !== end) {
      // Somebody else watches it, too, or it is none of Node's.
      if (counting) countSent(this, response);
      response.once('close', () => this.gone());
      return;
    }
    response[SERVING] = this;
    if (counting) {
      response.write = watchedWrite;
      response.end = watchedEnd;
    }
    response.on('close', watchedClose);
  }

  /** A piece of the body as the handler gave it. */
  sent(chunk: unknown, encoding: unknown): void {
    if (typeof chunk === 'string') {
      const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
      this.#exchange.bytesSent += Buffer.byteLength(chunk, known);
    } else if (chunk instanceof Uint8Array) this.#exchange.bytesSent += chunk.byteLength;
  }

  /** The response's `close`, which comes after its last byte, or the connection's, which comes without it. */
  gone(): void {
    const response = this.#response;
    const { statusCode } = response;
    if (statusCode === 204 || statusCode === 304) this.#exchange.bytesSent = 0;
    this.#path.end(this.#exchange, {
      status: response.headersSent ? statusCode : 0,
      complete: response.writableFinished,
    });
    this.#connection.end(this);
  }

  /** The handler took too long: nobody waits for it any more. */
  expire(): void {
    const response = this.#response;
    const { refusal } = this.#exchange;
    if (response.writableEnded) return;
    if (response.headersSent || refusal === null) {
      response.destroy();
      return;
    }
    for (const name of response.getHeaderNames()) if (name !== 'connection') response.removeHeader(name);
    // A body that still arrives would keep the connection from its next request.
    refuse(response, { ...refusal, close: refusal.close || !this.#request.complete });
    ignoreFromNowOn(response);
  }

  beLast(): void {
    if (!this.#response.headersSent) this.#response.setHeader('connection', 'close');
  }

  addToAnswer(headers: HeaderFields): void {
    const response = this.#response;
    if (response.headersSent) return;
    const { writeHead } = response;
    response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      if (!this.headersSent) for (const name in headers) this.setHeader(name, headers[name]!);
      return Reflect.apply(writeHead, this, args);
    };
  }

  retriesSpent(): void {
    if (!this.#response.headersSent) tellRetriesSpent(this.#response);
  }
}

/** A handler that comes too late is not to fail because of it: that could end the process. */
function ignoreFromNowOn(response: ServerResponse): void {
  const ignore = (...args: unknown[]) => {
    const done = args.at(-1);
    if (typeof done === 'function') queueMicrotask(() => Reflect.apply(done, response, []));
    return response;
  };
  Object.assign(response, {
    setHeader: ignore,
    setHeaders: ignore,
    appendHeader: ignore,
    removeHeader: ignore,
    addTrailers: ignore,
    writeHead: ignore,
    flushHeaders: ignore,
    write: (...args: unknown[]) => ignore(...args) === response,
    end: ignore,
  });
}

/** What the handler answers from now on says so if it is a failure. Node itself comes by `writeHead`, whoever begins the answer. */
function tellRetriesSpent(response: ServerResponse): void {
  const { writeHead } = response;
  response.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const [status] = args;
    const grpcStatus = grpcStatusOf(args.at(-1)) ?? this.getHeader('grpc-status');
    const failed = isFailure(Number(status), grpcStatus === undefined ? undefined : String(grpcStatus));
    if (failed && !this.headersSent) this.setHeader(RETRIES_HEADER, SPENT);
    return Reflect.apply(writeHead, this, args);
  };
}

/** Of the fields that `writeHead` was given, in either of their forms. */
function grpcStatusOf(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const flat: unknown[] = Array.isArray(fields) ? fields.flat() : Object.entries(fields).flat();
  const at = flat.findIndex((name, index) => index % 2 === 0 && /^grpc-status$/i.test(String(name)));
  return at < 0 ? undefined : flat[at + 1];
}

/**
 * Where the parser puts what it has read: counting there starts no flow and adds no listener. The parser is the connection's and knows no
 * exchange, so whoever hears of the body by events is told inside the frame of his.
 */
function countReceived(path: InboundPath, exchange: Exchange, request: IncomingMessage): void {
  const push = request.push;
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) exchange.bytesReceived += chunk.byteLength;
    return path.run(exchange, () => push.call(request, chunk, encoding));
  };
}

function countSent(serving: HttpServing, response: ServerResponse): void {
  const { write, end } = response;
  response.write = function (this: ServerResponse, ...args: unknown[]) {
    serving.sent(args[0], args[1]);
    return Reflect.apply(write, this, args);
  };
  response.end = function (this: ServerResponse, ...args: unknown[]) {
    serving.sent(args[0], args[1]);
    return Reflect.apply(end, this, args);
  };
}

/** The same for the usual response, without functions that are made anew for each of them. */
const SERVING = Symbol('heddle.serving');

interface Watched extends ServerResponse {
  [SERVING]?: HttpServing;
}

function watchedWrite(this: Watched, ...args: unknown[]): boolean {
  this[SERVING]!.sent(args[0], args[1]);
  return Reflect.apply(ServerResponse.prototype.write, this, args);
}

function watchedEnd(this: Watched, ...args: unknown[]): ServerResponse {
  this[SERVING]!.sent(args[0], args[1]);
  return Reflect.apply(ServerResponse.prototype.end, this, args);
}

function watchedClose(this: Watched): void {
  this[SERVING]!.gone();
}
