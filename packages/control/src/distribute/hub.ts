/** Hub: all open streams. Tells each of a new state, ends those that fell silent or whose certificate has run out. */
import { type Clock, type Source, SpiffeId, type Timer, type TrustBundle } from 'heddle/ports';
import { denialOf } from 'heddle/security';
import { because, type Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import { Steps } from './delta.js';
import type { MeshState } from './state.js';
import { type StreamPeer, type StreamStatus, type Wire, WorkloadStream } from './stream.js';
import { bundleVersion, type ViewSettings, Views } from './views.js';

export interface HubOptions {
  readonly states: Source<MeshState>;
  readonly registry: Registry;
  readonly settings: Omit<ViewSettings, 'bundle'>;
  readonly bundle: Source<TrustBundle>;
  /** Called when a workload has said that it trusts another bundle, and when one has gone. */
  readonly onTrust?: () => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Workloads say something at least this often. */
  readonly pingMs: number;
  /** Streams that one identity may hold: its replicas. */
  readonly maxStreamsPerIdentity: number;
  readonly maxStreams: number;
}

/** What a stream needs of the hub. */
export interface StreamContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly registry: Registry;
  readonly steps: Steps;
  readonly pingMs: number;
  views(): Views;
  /** The workload trusts another bundle than before. */
  onTrust(): void;
}

/** A stream that has said nothing for this many pings is gone. */
const SILENT_PINGS = 3;

export class Hub {
  readonly #options: HubOptions;
  readonly #context: StreamContext;
  readonly #streams = new Set<WorkloadStream>();
  readonly #ending = new Set<Promise<void>>();
  readonly #unsubscribe: readonly (() => void)[];
  #views: Views;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#views = new Views(options.states.current(), this.#settings());
    this.#context = {
      clock: options.clock,
      log: options.log,
      registry: options.registry,
      steps: new Steps(),
      pingMs: options.pingMs,
      views: () => this.#views,
      onTrust: () => options.onTrust?.(),
    };
    this.#unsubscribe = [
      options.states.subscribe((state) => this.#advance(state)),
      options.bundle.subscribe((bundle) => {
        this.#advance(options.states.current());
        this.#dismissDenied(bundle);
      }),
    ];
    this.#sweep();
  }

  /** Why `peer` may not open one more stream; null: it may. */
  refusal(peer: StreamPeer | null): string | null {
    if (this.#closed) return 'the service is going away';
    if (this.#streams.size >= this.#options.maxStreams)
      return 'the service holds all the streams that it can';
    if (peer === null) return null;
    const denial = denialOfPeer(peer, this.#options.bundle.current());
    if (denial !== null) return denial;
    const held = [...this.#streams].filter((stream) => stream.peer?.spiffeId === peer.spiffeId).length;
    return held < this.#options.maxStreamsPerIdentity
      ? null
      : `${peer.spiffeId} holds ${held} streams already`;
  }

  open(wire: Wire, peer: StreamPeer | null): WorkloadStream {
    const stream = new WorkloadStream(wire, peer, this.#context);
    this.#streams.add(stream);
    return stream;
  }

  /** The connection of `stream` is gone. */
  closed(stream: WorkloadStream): void {
    if (!this.#streams.delete(stream)) return;
    const ending: Promise<void> = stream
      .closed()
      .catch((error) => {
        this.#options.log({ level: 'error', event: 'registry.failed', fields: { error: because(error) } });
      })
      .finally(() => {
        this.#ending.delete(ending);
        this.#options.onTrust?.();
      });
    this.#ending.add(ending);
  }

  /** By the ID of the registration. */
  statuses(): Map<string, StreamStatus> {
    const statuses = new Map<string, StreamStatus>();
    for (const stream of this.#streams) {
      if (stream.registrationId !== undefined) statuses.set(stream.registrationId, stream.status);
    }
    return statuses;
  }

  /** Workloads of which it is not known that they trust the present bundle: their names, or who they are. */
  async lagging(): Promise<readonly string[]> {
    const version = bundleVersion(this.#options.bundle.current());
    const streams = [...this.#streams].filter((stream) => stream.status.bundle !== version);
    const names = streams.map(
      (stream) => stream.name ?? stream.peer?.spiffeId ?? 'somebody who has just connected',
    );
    // Those that were here a moment ago come back with what they had then: after a restart of this process, all.
    const connected = this.statuses();
    for (const { id, workload } of await this.#options.registry.records())
      if (!connected.has(id)) names.push(`${workload.namespace}/${workload.name}`);
    return [...new Set(names)];
  }

  /** Says goodbye to all; they will come back, here or elsewhere. Resolves when the registry knows. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#timer?.cancel();
    for (const stream of [...this.#streams]) {
      stream.goodbye('the service is going away', true);
      this.closed(stream);
    }
    await Promise.all(this.#ending);
  }

  #advance(state: MeshState): void {
    this.#views = new Views(state, this.#settings(), this.#views);
    for (const stream of this.#streams) {
      try {
        stream.advance(this.#views);
      } catch (error) {
        // The workload keeps what it has; the others must not wait for it.
        this.#options.log({ level: 'error', event: 'distribute.failed', fields: { error: because(error) } });
      }
    }
  }

  #settings(): ViewSettings {
    return { ...this.#options.settings, bundle: this.#options.bundle.current() };
  }

  /**
   * They hear why, and last of all that they are denied: others must not wait for that. Whoever has got another certificate since this
   * connection was made comes back with it at once; when a root is withdrawn, that is everybody.
   */
  #dismissDenied(bundle: TrustBundle): void {
    if (bundle.denied === undefined) return;
    for (const stream of [...this.#streams]) {
      const denial = stream.peer && denialOfPeer(stream.peer, bundle);
      if (denial) stream.goodbye(denial, true);
    }
  }

  #sweep(): void {
    this.#timer = this.#options.clock.after(this.#options.pingMs, () => {
      const { clock, pingMs } = this.#options;
      for (const stream of [...this.#streams]) {
        if (clock.now() - stream.heardAt > SILENT_PINGS * pingMs) {
          stream.goodbye('nothing was heard for too long', true);
          this.closed(stream);
        } else if (stream.peer !== null && stream.peer.notAfter <= clock.wallNow()) {
          stream.goodbye('the certificate of this connection has run out; connect with the new one', true);
        }
      }
      this.#sweep();
    });
  }
}

function denialOfPeer({ certificate, spiffeId }: StreamPeer, { denied }: TrustBundle): string | null {
  if (denied === undefined || certificate === undefined) return null;
  return denialOf(denied, certificate, SpiffeId.parse(spiffeId));
}
