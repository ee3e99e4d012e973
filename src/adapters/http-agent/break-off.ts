/** How the reader of a response hears that it broke off. */
import type { IncomingMessage } from 'node:http';

/**
 * In Node's words (`aborted`, `ECONNRESET`), with what the mesh knows of it as the cause. Node tells of it twice, and clients make an
 * error of their own of whichever they hear first (axios, got); the event `aborted` has nothing to say, so `error` goes before it.
 */
export function breakOff(response: IncomingMessage, cause: unknown): void {
  const emit = response.emit as (
    this: IncomingMessage,
    event: string | symbol,
    ...args: unknown[]
  ) => boolean;
  let held = false;
  response.emit = function (this: IncomingMessage, event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'aborted') {
      held = true;
      return this.listenerCount(event) > 0;
    }
    if (event === 'close' && held) {
      held = false;
      Reflect.apply(emit, this, ['aborted']);
    }
    return Reflect.apply(emit, this, [event, ...args]);
  };
  response.destroy(Object.assign(new Error('aborted', { cause }), { code: 'ECONNRESET' }));
}
