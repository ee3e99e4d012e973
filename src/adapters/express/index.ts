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
  /** Parsed, up to Express 4; a getter since. */
  query?: unknown;
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
    const serve = () => {
      const refusal = exchange.refusal ?? presentBelow(request, exchange, target);
      if (refusal !== null) refuse(response, refusal);
      else path.run(exchange, next);
    };
    if (exchange.waiting === null) serve();
    // Whoever went away meanwhile is not served any more.
    else void exchange.waiting.then(() => exchange.ended || serve()).catch(next);
  };
}

/** Lets the routers below see the path that was checked. */
function presentBelow(request: ExpressRequest, exchange: Exchange, target: string) {
  const base = request.baseUrl ?? '';
  const [path, query] = cut(exchange.path);
  if (base !== '' && path !== cut(target)[0]) {
    // Express chose this router by the path as it arrived; the one that was checked may belong to another.
    exchange.refusal = { status: 400, body: 'Bad Request', because: 'path_changed_below_mount', close: true };
    return exchange.refusal;
  }
  const url = request.url;
  present(request, exchange);
  if (base !== '' && url !== undefined) request.url = cut(url)[0] + query;
  request.originalUrl = exchange.path;
  if (exchange.path !== target) forgetParams(request, target, exchange.path);
  return null;
}

function cut(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at)];
}

/** Express 4 has read the query before us: a token that was taken out of it is taken out there, too. */
function forgetParams(request: ExpressRequest, before: string, after: string): void {
  if (!Object.hasOwn(request, 'query')) return;
  const { query } = request;
  if (typeof query !== 'object' || query === null) return;
  const kept = new URLSearchParams(cut(after)[1]);
  for (const name of new URLSearchParams(cut(before)[1]).keys())
    if (!kept.has(name)) Reflect.deleteProperty(query, name);
}
