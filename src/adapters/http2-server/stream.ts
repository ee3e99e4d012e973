/** From a stream that has arrived to the handler of its exchange, or to the answer in the handler's stead. */
import type { Timer } from '../../base/clock.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { Exchange, Refusal } from '../../model/exchange.js';
import { GrpcCall, isGrpc } from '../../model/grpc.js';
import type { Arrived } from './arrived.js';
import { factsOf, faultOf, present } from './head.js';
import { refuse } from './refuse.js';
import { StreamServing } from './serving.js';

/** Serves a request that was let in. */
export type StreamTarget = (arrived: Arrived, exchange: Exchange) => void;

export interface StreamOptions {
  readonly target: StreamTarget;
  /** Serves gRPC in its stead; null: nobody knows gRPC here, and it is HTTP like any other. */
  readonly grpc: StreamTarget | null;
  /** For a whole request, body included, milliseconds. A call of gRPC may stream for as long as its deadline lets it. */
  readonly requestMs: number;
}

export function beginStream(path: InboundPath, arrived: Arrived, options: StreamOptions): void {
  const { connection, stream } = arrived;
  const exchange = path.begin(factsOf(arrived, path.trustedHops), faultOf(arrived));
  if (isGrpc(arrived.headers['content-type'])) exchange.grpc = new GrpcCall();
  const grpc = exchange.grpc === null ? null : options.grpc;
  const target = grpc ?? options.target;
  path.exchanges.set(stream, exchange);
  connection.begin(new StreamServing(path, exchange, arrived));
  const serve = () => {
    const { refusal } = exchange;
    if (refusal !== null) {
      refuse(arrived, refusal);
      // Whoever may not speak plain text may not on the next stream either.
      if (refusal.close && refusal.status === 403) connection.drain(path.clock);
      return;
    }
    present(arrived, exchange);
    if (grpc !== null) limit?.cancel();
    path.run(exchange, () => target(arrived, exchange));
  };
  // A part of the body may be what is waited for.
  const limit =
    exchange.waiting !== null || (exchange.refusal === null && grpc === null)
      ? limitRequest(path, arrived, exchange, options.requestMs)
      : null;
  if (exchange.waiting === null) serve();
  // Whoever went away meanwhile is not served any more.
  else void exchange.waiting.then(() => exchange.ended || serve());
}

/** A body that comes too slowly to be complete in time is not waited for. */
function limitRequest(
  path: InboundPath,
  { stream }: Arrived,
  exchange: Exchange,
  requestMs: number,
): Timer | null {
  if (stream.endAfterHeaders) return null;
  const timer = path.clock.after(requestMs, () => {
    if (exchange.ended) return;
    exchange.refusal = TOO_SLOW;
    exchange.server?.expire();
  });
  stream.once('end', () => timer.cancel());
  stream.once('close', () => timer.cancel());
  return timer;
}

/** @source Node `http.Server` (`requestTimeout`), Envoy `request_timeout`: status and details */
const TOO_SLOW: Refusal = {
  status: 408,
  body: 'request timeout',
  because: 'request_overall_timeout',
  close: true,
};
