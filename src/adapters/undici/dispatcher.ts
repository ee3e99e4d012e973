/**
 * `mesh.dispatcher`: an undici Dispatcher for any client that takes one: undici's own `request` and `fetch`, and the built-in
 * `fetch` of Node 20, 22 and 24.
 */
import { Dispatcher, errors } from 'undici';
import type { HeaderFields } from '../../base/headers.js';
import type { InformationSink } from '../../model/call.js';
import type { Responded } from '../../model/outcome.js';
import type { BodySink } from '../../model/response-body.js';
import { type Outbound, runCall } from '../../outbound/call.js';
import type { OutboundCall } from '../../outbound/outbound-call.js';
import { bodyErrorOf, responseOf } from '../../outbound/surface.js';
import { toBody, toFields } from '../fetch/request.js';
import { currentHandler } from './legacy-handler.js';
import { Origins } from './origins.js';

export function dispatcherOver(outbound: Outbound): Dispatcher {
  return new MeshDispatcher(outbound);
}

/** Owns nothing: closing it leaves the mesh as it is. */
class MeshDispatcher extends Dispatcher {
  readonly #outbound: Outbound;
  readonly #origins = new Origins();

  constructor(outbound: Outbound) {
    super();
    this.#outbound = outbound;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (options.method === 'CONNECT') {
      throw new errors.NotSupportedError('the mesh opens no tunnels by CONNECT: use mesh.connect');
    }
    const { scheme, authority } = this.#origins.read(options.origin);
    const headers = toFields(options.headers);
    const query = options.query === undefined ? '' : `?${new URLSearchParams(options.query)}`;
    const call = this.#outbound.begin({
      method: options.method.toUpperCase(),
      scheme,
      authority,
      path: `${options.path}${query}`,
      headers,
      body: typeof options.body === 'string' ? options.body : toBody(options.body, headers),
      upgrade: typeof options.upgrade === 'string' ? options.upgrade : undefined,
    });
    void new Dispatch(this.#outbound, call, currentHandler(handler)).run();
    return true;
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | undefined {
    if (callback === undefined) return Promise.resolve();
    queueMicrotask(callback);
    return undefined;
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(...given: unknown[]): Promise<void> | undefined {
    const callback = given.find((one): one is () => void => typeof one === 'function');
    if (callback === undefined) return Promise.resolve();
    queueMicrotask(callback);
    return undefined;
  }
}

/** One dispatched request: the controller that the client holds, and the sink that feeds it. */
class Dispatch implements Dispatcher.DispatchController, BodySink, InformationSink {
  readonly #outbound: Outbound;
  readonly #call: OutboundCall;
  readonly #handler: Dispatcher.DispatchHandler;
  #responded: Responded | null = null;
  #done = false;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;

  constructor(outbound: Outbound, call: OutboundCall, handler: Dispatcher.DispatchHandler) {
    this.#outbound = outbound;
    this.#call = call;
    this.#handler = handler;
  }

  async run(): Promise<void> {
    try {
      this.#call.information = this;
      this.#handler.onRequestStart?.(this, {});
      const responded = responseOf(this.#call, await runCall(this.#outbound, this.#call));
      this.#responded = responded;
      if (this.aborted) return responded.body.drop(this.reason!);
      if (responded.upgraded !== undefined) {
        this.#done = true;
        this.#handler.onRequestUpgrade?.(this, responded.status, responded.headers, responded.upgraded);
        return;
      }
      this.#handler.onResponseStart?.(this, responded.status, responded.headers, responded.statusText);
      responded.body.attach(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  // -- the client's side --

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    if (this.#responded === null) {
      this.#call.cancel('signal', reason);
      return;
    }
    this.#responded.body.drop(reason);
    this.#fail(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#responded?.body.resume();
  }

  // -- the mesh's side --

  /** As undici's own dispatchers do: clients skip it, or have an `onInfo` for it. */
  onInformation(status: number, headers: HeaderFields): void {
    if (!this.aborted && this.#responded === null) this.#handler.onResponseStart?.(this, status, headers, '');
  }

  // -- the body's side --

  onData(chunk: Uint8Array): boolean {
    this.#handler.onResponseData?.(this, Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk));
    return !this.paused;
  }

  onEnd(): void {
    if (this.#done) return;
    this.#done = true;
    this.#handler.onResponseEnd?.(this, this.#responded?.body.trailers ?? {});
  }

  onError(error: Error): void {
    this.#fail(bodyErrorOf(this.#call, error));
  }

  #fail(reason: unknown): void {
    if (this.#done) return;
    this.#done = true;
    const error = reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
    this.#handler.onResponseError?.(this, error);
  }
}
