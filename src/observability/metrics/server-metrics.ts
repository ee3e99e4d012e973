import type { Attributes } from '@opentelemetry/api';
import type { Exchange, Peer } from '../../model/exchange.js';
import type { ResponseFlag } from '../../model/flags.js';
import { grpcOfHttp } from '../../model/grpc.js';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { Workload } from '../../model/workload.js';
import { exchangeFacts } from '../attributes.js';
import { fieldBytes } from '../sizes.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';
import type { MetricRules } from './decide.js';
import { ServerHttpLabels } from './http-labels.js';
import type { Instruments } from './instruments.js';
import {
  isGrpc,
  LabelSets,
  partyLabels,
  partyOfPrincipal,
  partyOfWorkload,
  serviceLabels,
  UNKNOWN_PARTY,
} from './labels.js';
import { recordIstio } from './record.js';
import { RpcLabels } from './rpc-labels.js';

/** What is counted of exchanges (`reporter="destination"`), by the identity that the caller proved. */
export class ServerMetrics {
  readonly #http = new ServerHttpLabels();
  readonly #rpc = new RpcLabels();
  /** One ID is one object a connection: the text behind it is made once for each. */
  readonly #ofId = new WeakMap<SpiffeId, LabelSets>();
  readonly #ofPrincipal: BoundedMap<LabelSets>;
  readonly #makeStrangers: () => LabelSets;
  #ofStrangers: LabelSets | null = null;

  /** @param principal our own SPIFFE ID; undefined while there is no certificate */
  constructor(workload: Workload, principal: () => string | undefined) {
    const { service, namespace } = workload;
    // Asked late: by the first exchange there is a certificate, if there ever is one.
    const destination = (): Attributes => ({
      reporter: 'destination',
      ...partyLabels('destination', {
        ...partyOfWorkload(workload),
        principal: principal() ?? UNKNOWN_PARTY.principal,
      }),
      ...serviceLabels(
        service === '' || service.includes('.') ? service : `${service}.${namespace}.svc.cluster.local`,
      ),
    });
    this.#ofPrincipal = new BoundedMap(MAX_NAMES, (id) => {
      const source = id === 'unknown' ? UNKNOWN_PARTY : partyOfPrincipal(id);
      return new LabelSets({
        ...destination(),
        ...partyLabels('source', source),
        connection_security_policy: 'mutual_tls',
      });
    });
    this.#makeStrangers = () =>
      new LabelSets({
        ...destination(),
        ...partyLabels('source', UNKNOWN_PARTY),
        connection_security_policy: 'none',
      });
  }

  /**
   * @param durationMs until the response was complete, or the peer gone
   * @param rules what policy changes; null: nothing
   */
  record(to: Instruments, exchange: Exchange, durationMs: number, rules: MetricRules | null): void {
    const { facts } = exchange;
    const flags = exchange.flagged ? exchange.flags : NO_FLAGS;
    const gone = flags.has('DC');
    const status = gone ? 0 : exchange.status;
    const { grpc } = exchange;
    // Behind an adapter that does not read gRPC nobody knows how it ended.
    const unread = isGrpc(facts.headers['content-type']) ? '' : null;
    const grpcStatus = grpc === null ? unread : grpcLabel(grpc.status, status);
    const labels = this.#setsOf(facts.peer).get(status, flags, grpcStatus);
    const sample = {
      durationMs,
      requestBytes: fieldBytes(facts.headers) + exchange.bytesReceived,
      responseBytes: exchange.bytesSent,
      ...(grpc && { messages: { requests: grpc.requests.count, responses: grpc.responses.count } }),
    };
    recordIstio(to, sample, labels, rules && { rules, facts: () => exchangeFacts(exchange, durationMs) });
    if (grpc !== null) {
      to.rpcServerMs.record(durationMs, this.#rpc.of(pathOf(exchange), grpc.status));
      return;
    }
    const errorType = status >= 500 ? String(status) : undefined;
    to.serverSeconds.record(
      durationMs / 1000,
      this.#http.of(facts.scheme, facts.method).ending(status, errorType),
    );
  }

  #setsOf({ id }: Peer): LabelSets {
    if (id === null) return (this.#ofStrangers ??= this.#makeStrangers());
    let sets = this.#ofId.get(id);
    if (sets === undefined) {
      sets = this.#ofPrincipal.get(id.toString());
      this.#ofId.set(id, sets);
    }
    return sets;
  }
}

/** @source istio/proxy `istio_stats.cc`, Envoy `Grpc::Common::getGrpcStatus`: without one, what the HTTP status stands for */
function grpcLabel(status: number | null, httpStatus: number): string {
  if (status !== null) return String(status);
  return httpStatus === 0 ? '' : String(grpcOfHttp(httpStatus));
}

/** Methods have no query. */
function pathOf({ path }: Exchange): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

const NO_FLAGS: ReadonlySet<ResponseFlag> = new Set();
