/** What is known about the service and the policy that came from it, for people and for those who wait. */
import type { Clock } from '../../base/clock.js';
import type { MeshError, MeshErrorCode } from '../../base/errors.js';
import { Value } from '../../base/source.js';
import { type PolicySourceStatus, plainMessage } from '../../policy/source.js';
import type { StreamEnd } from './stream.js';

export interface ControlStatusOptions {
  readonly location: string;
  readonly clock: Clock;
  readonly log?: (line: string) => void;
}

const HOPELESS: readonly MeshErrorCode[] = ['HEDDLE_DENIED', 'HEDDLE_PEER_UNTRUSTED'];

export class ControlStatus {
  readonly source: Value<PolicySourceStatus>;
  readonly #options: ControlStatusOptions;
  #hopeless: MeshError | null = null;

  constructor(options: ControlStatusOptions) {
    this.#options = options;
    this.source = new Value<PolicySourceStatus>({
      kind: 'control',
      location: options.location,
      connected: false,
      revision: 0,
      lastError: null,
      refused: null,
      staleSince: null,
      fromLastGood: false,
    });
  }

  get now(): PolicySourceStatus {
    return this.source.current();
  }

  connected(): void {
    this.log(`connected to the config service at ${this.#options.location}`);
    this.#hopeless = null;
    this.#change({ connected: true, lastError: null });
  }

  /** Why the service wants nothing of this workload, or we of it: waiting does not mend that. null: nothing of the kind. */
  get hopeless(): MeshError | null {
    return this.#hopeless;
  }

  /** @param hasPolicy whether there is a policy that gets old meanwhile */
  away({ error, retry }: Pick<StreamEnd, 'error' | 'retry'>, hasPolicy: boolean): void {
    const because = error.message;
    this.#hopeless = !retry || HOPELESS.includes(error.code) ? error : null;
    if (this.now.lastError !== because) this.log(because);
    this.#change({
      connected: false,
      lastError: because,
      staleSince: hasPolicy ? this.#staleSince() : null,
    });
  }

  offered(revision: number): void {
    this.#change({ revision, refused: null, staleSince: null, fromLastGood: false });
  }

  /** The service has nothing newer than what we hold. */
  confirmed(): void {
    const { refused, staleSince } = this.now;
    this.#change({ fromLastGood: false, staleSince: refused === null ? null : staleSince });
  }

  refused(revision: number, because: readonly string[]): void {
    this.log(`policy revision ${revision} refused, the one before stays in force: ${because.join('; ')}`);
    const messages = because.map((text) => plainMessage(text));
    this.#change({ refused: { revision, messages }, staleSince: this.#staleSince() });
  }

  /** @param savedAt milliseconds since the epoch */
  restored(revision: number, savedAt: number): void {
    this.log(`the config service is away: starting from the policy saved as revision ${revision}`);
    this.#change({ revision, staleSince: savedAt, fromLastGood: true });
  }

  log(line: string): void {
    this.#options.log?.(line);
  }

  #staleSince(): number {
    return this.now.staleSince ?? this.#options.clock.wallNow();
  }

  #change(change: Partial<PolicySourceStatus>): void {
    try {
      this.source.set({ ...this.now, ...change });
    } catch (cause) {
      this.log(`a listener of the status failed: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
}
