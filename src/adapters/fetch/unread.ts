/**
 * Responses that nobody reads and nobody holds any more: the rest of their bodies is given up, as the built-in fetch does. It waits for
 * the garbage collector, so the call's deadline often comes first; where there is none, this is what gives the connection back.
 */
import type { ResponseBody } from '../../model/response-body.js';

const forgotten = new FinalizationRegistry<ResponseBody>((body) => {
  // Who reads may have let go of the response.
  if (body.unread) body.drop(new Error('the response was dropped unread'));
});

/** Of this turn of the event loop. */
let arrived: { readonly response: object; readonly body: ResponseBody }[] = [];

/**
 * Whoever reads a body mostly begins at once, and then nothing is registered: what is lives until old garbage is collected, with all that
 * hangs on it.
 * @param response whoever may still read `body` holds it
 */
export function dropWhenForgotten(response: object, body: ResponseBody): void {
  // Most bodies are here with the head: those hold nothing, and cost nothing here.
  if (!body.unread) return;
  if (arrived.length === 0) setImmediate(register);
  arrived.push({ response, body });
}

function register(): void {
  const all = arrived;
  arrived = [];
  for (const { response, body } of all) if (body.unread) forgotten.register(response, body);
}
