import type { Attributes, Counter } from '@opentelemetry/api';
import type { Clock, Timer } from '../../base/clock.js';
import type { Destination } from '../../model/destination.js';
import type { Peer } from '../../model/exchange.js';
import { formatFlags, type ResponseFlag } from '../../model/flags.js';
import type { Workload } from '../../model/workload.js';
import type { ConnectionBytes, ConnectionClosed } from '../../ports/telemetry.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';
import {
  hostOfCluster,
  partyLabels,
  partyOfEndpoint,
  partyOfPrincipal,
  partyOfWorkload,
  serviceLabels,
  UNKNOWN_PARTY,
} from './labels.js';

/** What of a meter's instruments is told of connections. */
export interface TcpInstruments {
  readonly tcpOpened: Counter;
  readonly tcpClosed: Counter;
  readonly tcpSent: Counter;
  readonly tcpReceived: Counter;
}

export interface TcpMetricsOptions {
  readonly workload: Workload;
  /** Our own SPIFFE ID; undefined while there is no certificate. */
  readonly principal: () => string | undefined;
  readonly clock: Pick<Clock, 'after'>;
  /** null while nobody collects. */
  readonly instruments: () => TcpInstruments | null;
  /** Takes what an SDK has thrown: a connection must not fail because it is being watched. */
  readonly fail: (error: unknown) => void;
}

/** How often connections that stay open are counted. @source istio/proxy `istio_stats` `reporting_duration` */
const REPORT_MS = 5_000;

/**
 * What is counted of connections that are not HTTP. Bytes are counted while a connection lives, so that a long one shows up before
 * it is closed.
 * @source istio/proxy `source/extensions/filters/http/istio_stats/istio_stats.cc` (`onWriteMetadata`, `report`)
 */
export class TcpMetrics {
  readonly #options: TcpMetricsOptions;
  readonly #open = new Set<Counted>();
  readonly #inbound: BoundedMap<FlagLabels>;
  #strangers: FlagLabels | null = null;
  /** By destination: it is made anew with every change of policy, and forgotten with it. */
  readonly #outbound = new WeakMap<Destination, FlagLabels>();
  #timer: Timer | null = null;

  constructor(options: TcpMetricsOptions) {
    this.#options = options;
    this.#inbound = new BoundedMap(MAX_NAMES, (id) =>
      this.#ofPeer(id === 'unknown' ? null : id, 'mutual_tls'),
    );
  }

  /** A connection that we took is open. */
  inbound({ id }: Peer, bytes: ConnectionBytes): ConnectionClosed {
    if (id === null) this.#strangers ??= this.#ofPeer(null, 'none');
    const labels = id === null ? this.#strangers! : this.#inbound.get(id.toString());
    // What the peer sent is what we read.
    return this.#begin(new Counted(labels, () => ({ received: bytes.bytesRead, sent: bytes.bytesWritten })));
  }

  /** A connection that we made is open. */
  outbound(destination: Destination, bytes: ConnectionBytes): ConnectionClosed {
    let labels = this.#outbound.get(destination);
    if (labels === undefined) {
      labels = this.#ofDestination(destination);
      this.#outbound.set(destination, labels);
    }
    // To whoever opened it, us, is sent what we read.
    return this.#begin(new Counted(labels, () => ({ received: bytes.bytesWritten, sent: bytes.bytesRead })));
  }

  #begin(counted: Counted): ConnectionClosed {
    this.#open.add(counted);
    this.#timer ??= this.#options.clock.after(REPORT_MS, () => this.#report());
    this.#tell((to) => to.tcpOpened.add(1, counted.labels.get(NONE)));
    return (flags = NONE) => {
      if (!this.#open.delete(counted)) return;
      if (this.#open.size === 0) {
        this.#timer?.cancel();
        this.#timer = null;
      }
      this.#tell((to) => {
        counted.report(to, flags);
        to.tcpClosed.add(1, counted.labels.get(flags));
      });
    };
  }

  #report(): void {
    this.#timer = this.#options.clock.after(REPORT_MS, () => this.#report());
    this.#tell((to) => {
      for (const counted of this.#open) counted.report(to, NONE);
    });
  }

  #tell(what: (to: TcpInstruments) => void): void {
    try {
      const to = this.#options.instruments();
      if (to !== null) what(to);
    } catch (error) {
      this.#options.fail(error);
    }
  }

  #ofPeer(id: string | null, security: 'mutual_tls' | 'none'): FlagLabels {
    const { workload, principal } = this.#options;
    const { service, namespace } = workload;
    const host =
      service === '' || service.includes('.') ? service : `${service}.${namespace}.svc.cluster.local`;
    return new FlagLabels({
      reporter: 'destination',
      ...partyLabels('source', id === null ? UNKNOWN_PARTY : partyOfPrincipal(id)),
      ...partyLabels('destination', {
        ...partyOfWorkload(workload),
        principal: principal() ?? UNKNOWN_PARTY.principal,
      }),
      ...serviceLabels(host),
      connection_security_policy: security,
    });
  }

  #ofDestination(destination: Destination): FlagLabels {
    const { workload, principal } = this.#options;
    const { principal: unknown, ...party } = partyOfWorkload(workload);
    return new FlagLabels({
      reporter: 'source',
      ...partyLabels('source', { ...party, principal: principal() ?? unknown }),
      ...partyLabels('destination', partyOfEndpoint(destination.endpoint)),
      ...serviceLabels(hostOfCluster(destination.cluster)),
      connection_security_policy: 'unknown',
    });
  }
}

/** One open connection: its labels, and what was counted of it so far. */
class Counted {
  readonly labels: FlagLabels;
  readonly #now: () => { readonly received: number; readonly sent: number };
  #received = 0;
  #sent = 0;

  constructor(labels: FlagLabels, now: () => { readonly received: number; readonly sent: number }) {
    this.labels = labels;
    this.#now = now;
  }

  report(to: TcpInstruments, flags: ReadonlySet<ResponseFlag>): void {
    const { received, sent } = this.#now();
    if (received > this.#received) to.tcpReceived.add(received - this.#received, this.labels.get(flags));
    if (sent > this.#sent) to.tcpSent.add(sent - this.#sent, this.labels.get(flags));
    this.#received = received;
    this.#sent = sent;
  }
}

/** Labels of connections that differ only in how they ended, each set made once. */
class FlagLabels {
  readonly #base: Attributes;
  readonly #made = new Map<string, Attributes>();

  constructor(base: Attributes) {
    this.#base = { ...base, request_protocol: 'tcp' };
  }

  get(flags: ReadonlySet<ResponseFlag>): Attributes {
    const text = formatFlags(flags);
    let labels = this.#made.get(text);
    if (labels === undefined) {
      labels = { ...this.#base, response_flags: text };
      this.#made.set(text, labels);
    }
    return labels;
  }
}

const NONE: ReadonlySet<ResponseFlag> = new Set();
