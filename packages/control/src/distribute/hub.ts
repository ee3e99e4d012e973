/** Hub: all open streams. Tells each of a new state, ends those that fell silent or whose certificate has run out. */
import type { Clock, Source, Timer } from 'heddle/ports';
import { because, type Log } from '../log.js';
import type { Registry } from '../registry/registry.js';
import { Steps } from './delta.js';
import type { MeshState } from './state.js';
import { type StreamPeer, type StreamStatus, type Wire, WorkloadStream } from './stream.js';
import { type ViewSettings, Views } from './views.js';

export interface HubOptions {
  readonly states: Source<MeshState>;
  readonly registry: Registry;
  readonly settings: ViewSettings;
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
}

/** A stream that has said nothing for this many pings is gone. */
const SILENT_PINGS = 3;

export class Hub {
  readonly #options: HubOptions;
  readonly #context: StreamContext;
  readonly #streams = new Set<WorkloadStream>();
  readonly #ending = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;
  #views: Views;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#views = new Views(options.states.current(), options.settings);
    this.#context = {
      clock: options.clock,
      log: options.log,
      registry: options.registry,
      steps: new Steps(),
      pingMs: options.pingMs,
      views: () => this.#views,
    };
    this.#unsubscribe = options.states.subscribe((state) => this.#advance(state));
    this.#sweep();
  }

  /** Why `peer` may not open one more stream; null: it may. */
  refusal(peer: StreamPeer | null): string | null {
    if (this.#closed) return 'the service is going away';
    if (this.#streams.size >= this.#options.maxStreams)
      return 'the service holds all the streams that it can';
    if (peer === null) return null;
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
      .finally(() => this.#ending.delete(ending));
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

  /** Says goodbye to all; they will come back, here or elsewhere. Resolves when the registry knows. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#timer?.cancel();
    for (const stream of [...this.#streams]) {
      stream.goodbye('the service is going away', true);
      this.closed(stream);
    }
    await Promise.all(this.#ending);
  }

  #advance(state: MeshState): void {
    this.#views = new Views(state, this.#options.settings, this.#views);
    for (const stream of this.#streams) {
      try {
        stream.advance(this.#views);
      } catch (error) {
        // The workload keeps what it has; the others must not wait for it.
        this.#options.log({ level: 'error', event: 'distribute.failed', fields: { error: because(error) } });
      }
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
