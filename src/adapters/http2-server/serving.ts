/** One exchange on a stream of HTTP/2: what goes over it is counted, and its end is told, whichever way it comes. */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { HeaderFields } from '../../base/headers.js';
import type { Serving } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Exchange, ExchangeServer } from '../../model/exchange.js';
import { grpcStatusOf } from '../../model/grpc.js';
import { isFailure, RETRIES_HEADER, SPENT } from '../../traffic/retry/tree.js';
import type { Arrived } from './arrived.js';
import { keepEnd, readAhead } from './read-ahead.js';
import { fieldsOf, refuse } from './refuse.js';

export class StreamServing implements Serving, ExchangeServer {
  readonly #path: InboundPath;
  readonly #exchange: Exchange;
  readonly #arrived: Arrived;
  /** What every answer has beside its own fields; null: nothing, and nobody looks at answers. */
  #added: HeaderFields | null = null;
  #spent = false;

  constructor(path: InboundPath, exchange: Exchange, arrived: Arrived) {
    this.#path = path;
    this.#exchange = exchange;
    this.#arrived = arrived;
    exchange.server = this;
    const { stream } = arrived;
    if (!stream.endAfterHeaders) countReceived(path, exchange, stream);
    if (exchange.waiting !== null) keepEnd(arrived, exchange.waiting);
    if (exchange.bodyWanted !== null) exchange.bodyAhead = readAhead(arrived, exchange.bodyWanted);
    countSent(exchange, stream);
    stream.once('close', () => this.gone());
  }

  /** The stream's `close`, or the connection's. */
  gone(): void {
    const { stream, headers, connection } = this.#arrived;
    const exchange = this.#exchange;
    const sent = stream.headersSent ? stream.sentHeaders : undefined;
    const status = Number(sent?.[':status'] ?? 0);
    // Of a file that Node has sent by itself.
    const length = Number(sent?.['content-length'] ?? 0);
    if (exchange.bytesSent === 0 && headers[':method'] !== 'HEAD' && status !== 304 && length > 0)
      exchange.bytesSent = length;
    this.#path.end(exchange, { status, complete: this.#isComplete(sent) });
    connection.end(this);
  }

  /** A status of gRPC is the last word: callers who have not sent all of their messages break off when they hear it. */
  #isComplete(sent: OutgoingHttpHeaders | undefined): boolean {
    if (sent === undefined) return false;
    const { stream } = this.#arrived;
    const { grpc } = this.#exchange;
    if (grpc !== null) {
      grpc.status = grpcStatusOf((stream.sentTrailers ?? sent)['grpc-status']);
      if (grpc.status !== null) return true;
    }
    return stream.writableFinished && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  }

  /** The handler took too long: nobody waits for it any more. */
  expire(): void {
    const { stream } = this.#arrived;
    const { refusal } = this.#exchange;
    if (stream.writableEnded || stream.destroyed) return;
    if (stream.headersSent || refusal === null) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else {
      refuse(this.#arrived, refusal);
      ignoreFromNowOn(stream);
    }
  }

  /** Streams that are under way when the connection says that it goes are finished. */
  beLast(): void {}

  retriesSpent(): void {
    this.#spent = true;
    this.#watchAnswer();
  }

  addToAnswer(headers: HeaderFields): void {
    this.#watchAnswer();
    Object.assign(this.#added!, fieldsOf(headers));
  }

  /** Every way to answer comes by `respond`, but for files, whose ways are the handler's own. */
  #watchAnswer(): void {
    if (this.#added !== null) return;
    const added: HeaderFields = {};
    this.#added = added;
    const { stream } = this.#arrived;
    const { respond, sendTrailers } = stream;
    stream.sendTrailers = (trailers) => {
      const failed = isFailure(200, textOf(trailers['grpc-status']));
      sendTrailers.call(stream, this.#spent && failed ? { ...trailers, [RETRIES_HEADER]: SPENT } : trailers);
    };
    stream.respond = (...[given = {}, options]: Parameters<typeof respond>) => {
      const fields: OutgoingHttpHeaders = Array.isArray(given) ? fromList(given) : { ...given };
      const failed = isFailure(Number(fields[':status'] ?? 200), textOf(fields['grpc-status']));
      if (this.#spent && failed) fields[RETRIES_HEADER] = SPENT;
      respond.call(stream, { ...fields, ...added }, options);
    };
  }
}

function textOf(field: unknown): string | undefined {
  return field === undefined ? undefined : String(field);
}

/** Newer versions of Node take names and values in turn. */
function fromList(list: readonly unknown[]): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  for (let at = 0; at + 1 < list.length; at += 2) fields[String(list[at])] = String(list[at + 1]);
  return fields;
}

/**
 * Where the session puts what it has read: counting there starts no flow and adds no listener. Whoever hears of the body by events is
 * told inside the frame of his exchange, which the session does not know.
 */
function countReceived(path: InboundPath, exchange: Exchange, stream: ServerHttp2Stream): void {
  const { push } = stream;
  const count = (chunk: unknown) => {
    if (!(chunk instanceof Uint8Array)) return;
    exchange.bytesReceived += chunk.byteLength;
    exchange.grpc?.requests.add(chunk);
  };
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    count(chunk);
    return path.run(exchange, () => push.call(stream, chunk, encoding));
  };
  if (stream.readableLength > 0) countEarly(path, exchange, stream, count);
}

/** What was read together with the head is in the stream already, and Node has made up its mind to tell of it: outside of the frame. */
function countEarly(
  path: InboundPath,
  exchange: Exchange,
  stream: ServerHttp2Stream,
  count: (chunk: unknown) => void,
): void {
  const here: unknown = stream.read();
  count(here);
  stream.unshift(here);
  const { emit } = stream;
  Reflect.set(stream, 'emit', (...args: unknown[]) =>
    path.run(exchange, () => Reflect.apply(emit, stream, args)),
  );
}

function countSent(exchange: Exchange, stream: ServerHttp2Stream): void {
  const { write, end } = stream;
  const count = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk === 'string') {
      const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
      exchange.bytesSent += Buffer.byteLength(chunk, known);
    } else if (chunk instanceof Uint8Array) {
      exchange.bytesSent += chunk.byteLength;
      exchange.grpc?.responses.add(chunk);
    }
  };
  stream.write = function (this: ServerHttp2Stream, ...args: unknown[]) {
    count(args[0], args[1]);
    return Reflect.apply(write, this, args);
  };
  stream.end = function (this: ServerHttp2Stream, ...args: unknown[]) {
    count(args[0], args[1]);
    return Reflect.apply(end, this, args);
  };
}

/** A handler that comes too late is not to fail because of it: that could end the process. */
function ignoreFromNowOn(stream: ServerHttp2Stream): void {
  const ignore = (...args: unknown[]) => {
    const done = args.at(-1);
    if (typeof done === 'function') queueMicrotask(() => Reflect.apply(done, stream, []));
    return stream;
  };
  Object.assign(stream, {
    respond: ignore,
    respondWithFile: ignore,
    respondWithFD: ignore,
    additionalHeaders: ignore,
    sendTrailers: ignore,
    write: (...args: unknown[]) => ignore(...args) === stream,
    end: ignore,
  });
}
