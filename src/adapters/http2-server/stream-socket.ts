/** What a handler that was written for HTTP/1.1 sees as the socket of its request, where that is a stream of HTTP/2. */
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Arrived } from './arrived.js';
import { type Head, readHead } from './head-text.js';
import { skipRest } from './refuse.js';

type Done = (error?: Error | null) => void;

/** Takes the bytes of one HTTP/1.1 response, and answers the stream with what they say. */
export class StreamSocket extends Duplex {
  readonly #arrived: Arrived;
  /** What was written of a head that is not complete. */
  #head: Buffer | null = null;
  #answered = false;
  /** Of the response, asked for when its body is out. */
  trailers: () => OutgoingHttpHeaders = () => ({});

  constructor(arrived: Arrived) {
    super({ emitClose: true });
    this.#arrived = arrived;
    const { stream } = arrived;
    this.on('error', () => {});
    stream.once('close', () => this.destroy());
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#answered) this.#body(chunk, done);
    else this.#answer(this.#head === null ? chunk : Buffer.concat([this.#head, chunk]), done);
  }

  #answer(bytes: Buffer, done: Done): void {
    const { stream } = this.#arrived;
    const head = readHead(bytes);
    this.#head = head === null ? bytes : null;
    if (head === null || stream.destroyed) {
      done();
      return;
    }
    try {
      if (head.status < 200) stream.additionalHeaders(head.fields);
      else this.#respond(head);
    } catch (error) {
      done(error as Error);
      return;
    }
    if (this.#answered || head.rest.length === 0) this.#body(head.rest, done);
    else this.#answer(head.rest, done);
  }

  #respond({ fields }: Head): void {
    const { stream } = this.#arrived;
    this.#answered = true;
    const waitForTrailers = fields.trailer !== undefined;
    if (waitForTrailers) stream.once('wantTrailers', () => stream.sendTrailers(this.trailers()));
    // Refused meanwhile: the answer is out.
    if (!stream.headersSent) stream.respond(fields, { waitForTrailers });
  }

  #body(chunk: Buffer, done: Done): void {
    const { stream } = this.#arrived;
    if (chunk.length === 0 || stream.destroyed || stream.writableEnded) done();
    else stream.write(chunk, () => done());
  }

  /** The response is complete. */
  override _final(done: Done): void {
    const { stream } = this.#arrived;
    stream.end();
    skipRest(stream);
    done();
  }

  /** Destroyed before that, the stream is broken off, as the connection would be. */
  override _destroy(error: Error | null, done: Done): void {
    const { stream } = this.#arrived;
    if (!stream.closed && !this.writableFinished) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    done(error);
  }

  get #socket(): TLSSocket {
    return this.#arrived.connection.stream as TLSSocket;
  }

  get encrypted(): boolean {
    return this.#arrived.connection.secure;
  }
  get authorized(): boolean {
    return this.#arrived.connection.peer.id !== null;
  }
  get alpnProtocol(): string | false | null | undefined {
    return this.#socket.alpnProtocol;
  }
  get servername(): string | null {
    return this.#arrived.connection.peer.sni;
  }
  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }
  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }
  get remoteFamily(): string | undefined {
    return this.#socket.remoteFamily;
  }
  get localAddress(): string | undefined {
    return this.#socket.localAddress;
  }
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }
  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }
  address(): ReturnType<TLSSocket['address']> {
    return this.#socket.address();
  }
  getPeerCertificate(detailed?: boolean): unknown {
    return this.encrypted ? this.#socket.getPeerCertificate(detailed === true) : undefined;
  }
  getPeerX509Certificate(): unknown {
    return this.encrypted ? this.#socket.getPeerX509Certificate() : undefined;
  }
  setTimeout(ms: number, listener?: () => void): this {
    this.#arrived.stream.setTimeout(ms, () => this.emit('timeout'));
    if (listener !== undefined) this.once('timeout', listener);
    return this;
  }
  /** These are of the connection, which other streams share. */
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }
}
