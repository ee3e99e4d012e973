/**
 * Express 4 and 5 as a way in, for applications that listen by themselves: the first middleware. A port that Express opened itself
 * has no mesh identity on it, so that STRICT refuses everything there: use `mesh.listen(app, port)` for that.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Exchange } from '../../model/exchange.js';
import { begin, present, refuse } from '../node-http/index.js';

/** What Express adds to a request. */
interface ExpressRequest extends IncomingMessage {
  /** As it arrived, whatever routers have taken off `url` since. */
  originalUrl?: string;
  /** Where the router that calls us is mounted; empty at the top. */
  baseUrl?: string;
}

export type ExpressMiddleware = (
  request: ExpressRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Takes every request of an Express application through the mesh. Put it before all else: what comes earlier is not protected.
 * Behind `mesh.listen` it does nothing a second time.
 * @example app.use(mesh.express());
 */
export function expressMiddleware(path: InboundPath): ExpressMiddleware {
  return (request, response, next) => {
    const target = request.originalUrl ?? request.url ?? '';
    const exchange = begin(path, request, response, target);
    if (exchange === null) {
      next();
      return;
    }
    const refusal = exchange.refusal ?? presentBelow(request, exchange, target);
    if (refusal !== null) refuse(response, refusal);
    else path.run(exchange, next);
  };
}

/** Lets the routers below see the path that was checked. */
function presentBelow(request: ExpressRequest, exchange: Exchange, target: string) {
  const base = request.baseUrl ?? '';
  if (base !== '' && exchange.path !== target) {
    // Express chose this router by the path as it arrived; the one that was checked may belong to another.
    exchange.refusal = { status: 400, body: 'Bad Request', because: 'path_changed_below_mount', close: true };
    return exchange.refusal;
  }
  const url = request.url;
  present(request, exchange);
  if (base !== '' && url !== undefined) request.url = url;
  else request.originalUrl = exchange.path;
  return null;
}
