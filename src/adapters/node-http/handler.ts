/**
 * A handler behind the mesh.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Exchange } from '../../model/exchange.js';
import { present } from './head.js';
import { begin, refuse } from './serve.js';

export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * `fn` behind the mesh: a listener for the `request` event of any server of Node's. What `fn` throws, at once or later, is answered
 * with 500 if nothing was sent yet, and told to `warn`.
 * @example http.createServer(handler(path, (request, response) => response.end('hello'))).listen(8080);
 */
export function handler(
  path: InboundPath,
  fn: Handler,
): (request: IncomingMessage, response: ServerResponse) => void {
  return passing(path, guarded(path, fn));
}

/** `fn`, whose failures are answered. */
export function guarded(path: InboundPath, fn: Handler): Handler {
  const fail = (response: ServerResponse, error: unknown) => {
    path.warn(`a handler failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { 'content-type': 'text/plain' }).end('Internal Server Error');
  };
  return (request, response) => {
    try {
      const result = fn(request, response);
      if (isThenable(result)) result.then(undefined, (error: unknown) => fail(response, error));
    } catch (error) {
      fail(response, error);
    }
  };
}

/** As {@link handler}, but what `fn` throws is thrown, as where there is no mesh: for listeners that somebody else has written. */
export function passing(
  path: InboundPath,
  fn: Handler,
): (request: IncomingMessage, response: ServerResponse) => void {
  const serve = (request: IncomingMessage, response: ServerResponse, exchange: Exchange | null) => {
    if (exchange?.refusal) {
      refuse(response, exchange.refusal);
      return;
    }
    if (exchange === null) {
      fn(request, response);
      return;
    }
    present(request, exchange);
    path.run(exchange, () => fn(request, response));
  };
  return (request, response) => {
    const exchange = begin(path, request, response, request.url ?? '');
    const waiting = exchange?.waiting ?? null;
    if (waiting === null) serve(request, response, exchange);
    // Whoever went away meanwhile is not served any more.
    else void waiting.then(() => exchange!.ended || serve(request, response, exchange));
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
