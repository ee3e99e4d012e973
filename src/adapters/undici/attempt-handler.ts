/** One attempt on the wire: what undici sends, its handler, the body's producer and the promise's other end in one object. */
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import type { Attempt, AttemptStop } from '../../model/attempt.js';
import { Arrived, type Outcome } from '../../model/outcome.js';
import { isReplayable, StreamBody } from '../../model/request-body.js';
import { type BodyProducer, ResponseBody } from '../../model/response-body.js';
import { isIdempotent } from '../../traffic/retry/index.js';
import type { Place } from './cluster-connections.js';
import { failureOf, stopped } from './failures.js';
import type { PooledClient, PooledRequest } from './pooled-client.js';

type Fields = Record<string, string | string[] | undefined>;

export class AttemptHandler implements Dispatcher.DispatchHandler, PooledRequest, BodyProducer {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string | string[]>;
  readonly upgrade: string | null;
  connection: PooledClient | null = null;
  /** Among the attempts of its cluster, where policy bounds the connections. */
  place: Place | null = null;
  readonly attempt: Attempt;
  readonly #again: (handler: AttemptHandler) => boolean;
  #resolve: ((outcome: Outcome) => void) | null;
  #controller: Dispatcher.DispatchController | null = null;
  #body: ResponseBody | null = null;
  #upgraded: Duplex | null = null;
  /** The connection had answered before, when this was written to it. */
  #reused = false;
  /** It was written to a connection already. */
  #sent = false;
  /** To the connection that it goes on now. */
  #written = false;

  /** @param again sends it once more, if that may be */
  constructor(
    attempt: Attempt,
    resolve: (outcome: Outcome) => void,
    again: (handler: AttemptHandler) => boolean,
  ) {
    const { call } = attempt;
    const headers = attempt.headers ?? call.headers;
    headers.host ??= call.authority;
    this.path = call.path;
    this.method = call.method as Dispatcher.HttpMethod;
    this.headers = headers as Record<string, string | string[]>;
    this.upgrade = call.upgrade;
    this.attempt = attempt;
    this.#resolve = resolve;
    this.#again = again;
    attempt.abort = (stop) => this.#stop(stop);
  }

  // -- undici's side --

  /** A new reading each time it is sent. */
  get body(): PooledRequest['body'] & object {
    const { body } = this.attempt.call;
    return (body instanceof StreamBody ? body.read() : body) as PooledRequest['body'] & object;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
    this.#written = true;
    this.#reused = this.connection !== null && this.connection.answered > 0;
    if (this.attempt.stopped !== null) controller.abort(new Error(this.attempt.stopped));
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Fields,
    socket: Duplex,
  ): void {
    this.#upgraded = socket;
    this.#body = new ResponseBody(this);
    // Whoever uses the connection hears of its errors; until then they must not end the process.
    socket.on('error', () => {});
    socket.once('close', () => this.onResponseEnd());
    this.place?.keep(socket);
    const head = { status, statusText: '', headers: asFields(headers) };
    this.settle({ kind: 'response', ...head, body: this.#body, upgraded: socket });
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Fields,
    statusText = '',
  ): void {
    if (this.#resolve === null) return;
    if (status < 200) {
      this.attempt.call.information?.onInformation(status, asFields(headers));
      return;
    }
    this.connection?.hasAnswered();
    this.#body = new ResponseBody(this);
    this.settle(new Arrived(status, statusText, asFields(headers), this.#body));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(_controller?: Dispatcher.DispatchController, trailers?: Fields): void {
    this.attempt.abort = null;
    // It holds the raw fields.
    this.#controller = null;
    this.place?.leave();
    this.#body?.end(trailersOf(trailers));
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const outcome = failureOf(error, this.attempt, this.#written);
    if (outcome.kind === 'failed' && outcome.reset === 'connection-termination' && this.#mayGoAgain()) {
      this.#controller = null;
      this.#written = false;
      if (this.#again(this)) return;
    }
    this.attempt.abort = null;
    this.place?.leave();
    if (this.#body !== null) this.#body.fail(error);
    else this.settle(this.#sent && outcome.kind === 'failed' ? { ...outcome, sent: 'maybe' } : outcome);
  }

  // -- the body's side --

  pause(): void {
    if (this.#upgraded === null) this.#controller?.pause();
  }

  resume(): void {
    if (this.#upgraded === null) this.#controller?.resume();
  }

  abort(reason: Error): void {
    this.attempt.abort = null;
    if (this.#upgraded !== null) this.#upgraded.destroy();
    else this.#controller?.abort(reason);
  }

  // -- our side --

  /**
   * A connection that had idled was gone when we used it: the server closed it while the request was on its way, or it died unseen.
   * What may be repeated goes out again at once, on another one; it ends with the first that is new.
   * @source RFC 9112 §9.3.1
   */
  #mayGoAgain(): boolean {
    const { call, stopped: stop } = this.attempt;
    return (
      this.#reused &&
      this.#body === null &&
      this.#resolve !== null &&
      stop === null &&
      isIdempotent(this.method) &&
      isReplayable(call.body)
    );
  }

  #stop(stop: AttemptStop): void {
    this.attempt.abort = null;
    this.settle(stopped(stop, this.#sent ? 'maybe' : 'no'));
    this.#body?.fail(new AttemptStopped(stop));
    if (this.#upgraded !== null) this.#upgraded.destroy();
    else if (this.#controller !== null) this.#controller.abort(new AttemptStopped(stop));
    else this.place?.leave();
  }

  /** Only the first outcome counts. */
  settle(outcome: Outcome): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.(outcome);
  }
}

/** Told to the body's reader; the surface turns it into the caller's error. */
export class AttemptStopped extends Error {
  readonly stop: AttemptStop;
  constructor(stop: AttemptStop) {
    super(`stopped: ${stop}`);
    this.stop = stop;
  }
}

function asFields(headers: Fields): HeaderFields {
  const fields = emptyFields();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** null for none, as nearly always. */
function trailersOf(trailers: Fields | undefined): HeaderFields | null {
  for (const _name in trailers) return asFields(trailers);
  return null;
}
