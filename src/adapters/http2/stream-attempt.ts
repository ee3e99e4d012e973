/** One attempt on one stream of a connection: Node's stream speaks to it, and it to the body's reader and to whoever waits for the outcome. */
import { type ClientHttp2Session, constants } from 'node:http2';
import type { HeaderFields } from '../../base/headers.js';
import type { Attempt, AttemptStop } from '../../model/attempt.js';
import type { Outcome } from '../../model/outcome.js';
import { isReplayable, StreamBody } from '../../model/request-body.js';
import { type BodyProducer, ResponseBody } from '../../model/response-body.js';
import { WrittenBody } from '../../model/written-body.js';
import { isIdempotent } from '../../traffic/retry/index.js';
import { AttemptStopped } from '../undici/attempt-handler.js';
import { failureOf, stopped } from '../undici/failures.js';
import type { Carrier, Queue } from './carrier.js';
import { connectionFailure, refused, resetFailure, StreamReset } from './failures.js';
import { receivedFields } from './fields.js';
import { openStream } from './open-stream.js';
import { sendBody, WrittenSender } from './request-body.js';
import { type Carried, disown, listen, type StreamOwner } from './stream-events.js';

export class StreamAttempt implements BodyProducer, StreamOwner {
  readonly attempt: Attempt;
  /** How many connections were about to close when it came, and had to leave it to others. */
  moves = 0;
  #resolve: ((outcome: Outcome | Promise<Outcome>) => void) | null;
  #queue: Queue | null = null;
  #carrier: Carrier | null = null;
  #stream: Carried | null = null;
  #body: ResponseBody | null = null;
  /** Data that Node gave before the head. */
  #early: Uint8Array[] | null = null;
  /** Bytes that the body has to have; null: it does not say. */
  #announced: number | null = null;
  #trailers: HeaderFields | null = null;
  /** The peer has said that there is no more. */
  #whole = false;
  #error: Error | null = null;
  /** What its connection had answered when it began. */
  #answersBefore = 0;

  constructor(attempt: Attempt, resolve: (outcome: Outcome | Promise<Outcome>) => void) {
    this.attempt = attempt;
    this.#resolve = resolve;
    attempt.abort = (stop) => this.#stop(stop);
  }

  /** Of its stream; 0 without one. */
  get streamId(): number {
    return this.#stream?.id ?? 0;
  }

  wait(queue: Queue): void {
    this.#queue = queue;
  }

  /** @returns `running`; `over`: the request cannot be sent; `not-taken`: the session takes no more streams */
  start(carrier: Carrier, session: ClientHttp2Session): 'running' | 'over' | 'not-taken' {
    this.#queue = null;
    // Node 24 would give a stream that fails later.
    if (session.closed || session.destroyed) return 'not-taken';
    const { call } = this.attempt;
    const { body } = call;
    const headers = this.attempt.headers ?? call.headers;
    let stream: Carried;
    try {
      stream = listen(openStream(session, call, headers, carrier.scheme), this, call.information !== null);
    } catch (error) {
      if (session.closed || session.destroyed) return 'not-taken';
      this.settle(failureOf(error as Error, this.attempt, false));
      return 'over';
    }
    this.#carrier = carrier;
    this.#answersBefore = carrier.answers;
    this.#stream = stream;
    if (body instanceof WrittenBody) body.follow(new WrittenSender(stream, body));
    else if (body instanceof StreamBody) this.#send(stream, body, headers['content-length']);
    else if (body !== null) stream.end(body);
    return 'running';
  }

  /** Leaves the stream, of which the peer says that it has not looked at it. @returns may it be tried on another connection? */
  leave(): boolean {
    const stream = this.#stream;
    if (stream !== null) disown(stream);
    this.#stream = null;
    this.#carrier = null;
    this.#error = null;
    return this.#resolve !== null && isReplayable(this.attempt.call.body);
  }

  /** Has another transport go on. */
  handOver(send: (attempt: Attempt) => Promise<Outcome>): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    this.attempt.abort = null;
    resolve?.(send(this.attempt));
  }

  /** The end, without a response or in the middle of one. */
  settle(outcome: Exclude<Outcome, { kind: 'response' }>): void {
    this.attempt.abort = null;
    if (this.#body !== null) this.#body.fail(bodyError(outcome));
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(outcome);
  }

  // -- the stream's side --

  informed(status: number, raw: readonly string[]): void {
    const headers = this.#resolve === null ? null : this.#fieldsOf(raw);
    if (headers !== null) this.attempt.call.information?.onInformation(status, headers);
  }

  responded(status: number, raw: readonly string[]): void {
    const headers = this.#resolve === null ? null : this.#fieldsOf(raw);
    if (headers === null) return;
    if (status < 200) {
      this.#breach(new Error(`the peer has answered with status ${status}`));
      return;
    }
    const resolve = this.#resolve!;
    this.#resolve = null;
    if (this.#carrier !== null) this.#carrier.answers += 1;
    this.#announced = announcedBytes(this.attempt.call.method, status, headers);
    const body = new ResponseBody(this);
    this.#body = body;
    if (this.#early !== null) for (const chunk of this.#early) body.push(chunk);
    this.#early = null;
    resolve({ kind: 'response', status, statusText: '', headers, body: this.#body });
  }

  /**
   * Node tells of a head in the next tick and of data at once: what it reads while it is writing (TLS decrypts then, too, what waits)
   * can come the wrong way round.
   */
  received(chunk: Uint8Array): void {
    if (this.#body !== null) this.#body.push(chunk);
    else if (this.#resolve !== null) this.#early = [...(this.#early ?? []), chunk];
  }

  trailed(raw: readonly string[]): void {
    this.#trailers = this.#fieldsOf(raw);
  }

  /** All has arrived: what the reader is not ready for waits in the body, where it holds no stream. */
  completed(): void {
    this.#whole = true;
    this.#stream?.resume();
  }

  finished(): void {
    const stream = this.#stream;
    // Node tells of an end, too, when the peer has given up without an error.
    if (!this.#whole || this.#body === null || stream === null) return;
    const { bytes } = this.#body;
    if (this.#announced !== null && bytes !== this.#announced) {
      this.#breach(new Error(`the peer announced a body of ${this.#announced} bytes and sent ${bytes}`));
      return;
    }
    this.attempt.abort = null;
    this.#body.end(this.#trailers);
    // The answer did not wait for the rest of the request.
    if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL);
  }

  broke(error: Error): void {
    this.#error ??= error;
  }

  /** A frame could not be sent. */
  unsent(type: number): void {
    const error = new Error(`HTTP/2 frame ${type} could not be sent`);
    this.broke(error);
    if (type === HEADERS) this.settle(connectionFailure(error, this.attempt, false));
  }

  closed(code: number): void {
    const carrier = this.#carrier;
    if (this.attempt.abort !== null && carrier !== null) this.#lost(carrier, code);
    else this.#stream = null;
    carrier?.ended(this);
  }

  // -- the body's side --

  pause(): void {
    if (!this.#whole) this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(_reason: Error): void {
    this.attempt.abort = null;
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  // -- our side --

  /** null: they break the protocol, and the attempt is over. */
  #fieldsOf(raw: readonly string[]): HeaderFields | null {
    try {
      return receivedFields(raw);
    } catch (error) {
      this.#breach(error as Error);
      return null;
    }
  }

  /** The peer has broken the protocol, as Node does not mind. */
  #breach(error: Error): void {
    this.settle(resetFailure(constants.NGHTTP2_PROTOCOL_ERROR, this.attempt, error));
    this.#stream?.close(constants.NGHTTP2_PROTOCOL_ERROR);
  }

  /** The stream is closed, and this is not over. */
  #lost(carrier: Carrier, code: number): void {
    this.#stream = null;
    const { attempt } = this;
    const error = this.#error ?? carrier.lost;
    const ofStream = error === null || (error as NodeJS.ErrnoException).code === 'ERR_HTTP2_STREAM_ERROR';
    const outcome = ofStream
      ? resetFailure(code, attempt, new StreamReset(code, error))
      : connectionFailure(error, attempt, true);
    if (outcome.kind === 'failed' && outcome.reset === 'connection-termination' && this.#mayGoAgain(carrier))
      carrier.resend(this);
    else this.settle(outcome);
  }

  /** Nothing was answered since this was sent. */
  #isSilent(carrier: Carrier): boolean {
    return this.#resolve !== null && carrier.answers === this.#answersBefore;
  }

  /**
   * A connection that had answered others was gone when this was sent on it: the peer closed it while the request was on its way, or
   * it died unseen. What may be repeated goes out again at once, on another one; it ends with the first that is new.
   * @source RFC 9110 §9.2.2
   */
  #mayGoAgain(carrier: Carrier): boolean {
    const { attempt } = this;
    return (
      this.#answersBefore > 0 &&
      this.#isSilent(carrier) &&
      isIdempotent(attempt.call.method) &&
      isReplayable(attempt.call.body) &&
      attempt.mayGoAgain(carrier.now())
    );
  }

  /** Fails it as refused by a peer that took none of its requests. */
  refuse(cause: unknown): void {
    this.settle(refused(this.attempt, cause));
  }

  #send(stream: Carried, body: StreamBody, declared: string | string[] | undefined): void {
    sendBody(stream, body, declared === undefined ? undefined : String(declared)).catch((error: Error) => {
      // Of a stream that was left, the next reading tells.
      if (this.#stream !== stream || stream.closed) return;
      this.settle(failureOf(error, this.attempt, true));
      stream.close(constants.NGHTTP2_CANCEL);
    });
  }

  #stop(stop: AttemptStop): void {
    const stream = this.#stream;
    const carrier = this.#carrier;
    const isDoubtful = stop !== 'cancelled' && carrier !== null && this.#isSilent(carrier);
    this.#queue?.forget(this);
    this.attempt.abort = null;
    this.#body?.fail(new AttemptStopped(stop));
    this.settle(stopped(stop, stream === null ? 'no' : 'maybe'));
    stream?.close(constants.NGHTTP2_CANCEL);
    if (!isDoubtful) return;
    // Nobody knows whether the connection is alive: HTTP/1.1 would close it, too. On a dead one streams do not close (Node 20).
    carrier.leave();
    carrier.ended(this);
  }
}

const HEADERS = 1;

function bodyError(outcome: Exclude<Outcome, { kind: 'response' }>): Error {
  if ('cause' in outcome && outcome.cause instanceof Error) return outcome.cause;
  return new Error(outcome.kind === 'cancelled' ? 'cancelled' : outcome.because);
}

/** A body of another length is malformed. @source RFC 9113 §8.1.1; RFC 9110 §8.6: these have no body, whatever they say */
function announcedBytes(method: string, status: number, headers: HeaderFields): number | null {
  if (method === 'HEAD' || status === 204 || status === 304) return null;
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : null;
}
