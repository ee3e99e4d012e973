import type { Attributes } from '@opentelemetry/api';
import type { Exchange, Peer } from '../../model/exchange.js';
import type { ResponseFlag } from '../../model/flags.js';
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

/** What is counted of exchanges (`reporter="destination"`), by the identity that the caller proved. */
export class ServerMetrics {
  readonly #http = new ServerHttpLabels();
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
    const grpc = isGrpc(facts.headers['content-type']) ? '' : null;
    const labels = this.#setsOf(facts.peer).get(status, flags, grpc);
    const sample = {
      durationMs,
      requestBytes: fieldBytes(facts.headers) + exchange.bytesReceived,
      responseBytes: exchange.bytesSent,
    };
    recordIstio(to, sample, labels, rules && { rules, facts: () => exchangeFacts(exchange, durationMs) });
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

const NO_FLAGS: ReadonlySet<ResponseFlag> = new Set();
