/**
 * The handler protocol of undici 6 and before, which the built-in `fetch` of Node 20 and 22 still speaks. undici's own translation
 * joins repeated fields, and with them several cookies into one.
 */
import type { Duplex } from 'node:stream';
import { type Dispatcher, errors } from 'undici';
import type { HeaderFields } from '../../base/headers.js';

/** Speaks today's protocol whatever `handler` speaks. */
export function currentHandler(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
  return handler.onRequestStart === undefined ? new LegacyHandler(handler) : handler;
}

class LegacyHandler implements Dispatcher.DispatchHandler {
  readonly #handler: Dispatcher.DispatchHandler;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const abort = (reason?: Error) => controller.abort(reason ?? new errors.RequestAbortedError());
    this.#handler.onConnect?.(abort);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: HeaderFields,
    statusText = '',
  ): void {
    const goesOn = this.#handler.onHeaders?.(
      status,
      rawFields(headers),
      () => controller.resume(),
      statusText,
    );
    if (goesOn === false) controller.pause();
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: HeaderFields,
    socket: Duplex,
  ): void {
    this.#handler.onUpgrade?.(status, rawFields(headers), socket);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: HeaderFields): void {
    // Bytes, as fields are, whatever the type says.
    this.#handler.onComplete?.(rawFields(trailers) as never);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#handler.onError?.(error);
  }
}

/** Name, value, name, value; a repeated field as often as it came. */
function rawFields(headers: HeaderFields): Buffer[] {
  const raw: Buffer[] = [];
  for (const name in headers) {
    const value = headers[name]!;
    for (const one of typeof value === 'string' ? [value] : value) {
      raw.push(Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1'));
    }
  }
  return raw;
}
