/** Identity from the SPIFFE Workload API: a SPIRE agent, or whoever else speaks it, makes the keys and renews them. */
import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  type IdentitySource,
  MeshError,
  type Random,
  type Svid,
  sleep,
  systemClock,
  systemRandom,
  type TrustBundle,
} from 'heddle/ports';
import { sameBundle } from 'heddle/security';
import { followStream } from './client.js';
import { targetOf } from './endpoint.js';
import { LateSource } from './late-source.js';
import type { X509SvidResponse } from './service.js';
import { readState } from './state.js';

export interface WorkloadApiOptions {
  /** `unix:///path` or `tcp://ip:port`. @default the variable `SPIFFE_ENDPOINT_SOCKET` */
  readonly endpoint?: string;
  /** Which SVID to take where the workload has several: that with this hint. @default the first, the standard's default identity */
  readonly hint?: string;
  /** Waits between connections. @default full jitter up to 1 s, doubling to 30 s; a stream that was good starts again at the first */
  readonly retry?: BackoffPolicy;
  /** Takes a line about everything that went wrong. Must not throw. @default lines on stderr */
  readonly log?: (line: string) => void;
  /** @default the system's */
  readonly clock?: Clock;
  /** @default the system's */
  readonly random?: Random;
}

const RETRY: BackoffPolicy = { baseDelayMs: 1_000, maxDelayMs: 30_000 };

/**
 * Each message of the server is the whole state and replaces the one before, foreign trust domains included. A message that does not
 * hold together is refused whole, and while the server is away or denies us the last good SVID stays in use until it runs out.
 * @source SPIFFE Workload API §4, §5
 */
export class WorkloadApi implements IdentitySource {
  readonly svid: LateSource<Svid>;
  readonly bundle: LateSource<TrustBundle>;
  readonly #options: WorkloadApiOptions;
  readonly #clock: Clock;
  readonly #endpoint: string;
  readonly #target: string;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #running: Promise<void>;
  #lastError: MeshError;
  #hopeless = false;
  #toldOfCrl = false;

  /** @throws MeshError `HEDDLE_INVALID_SETTING` for an endpoint that is none */
  constructor(endpoint: string, options: WorkloadApiOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#endpoint = endpoint;
    this.#target = targetOf(endpoint);
    this.#lastError = new MeshError(`the SPIFFE Workload API at ${endpoint} has not answered yet`, {
      code: 'HEDDLE_IDENTITY_UNAVAILABLE',
    });
    this.svid = new LateSource(() => this.#lastError);
    this.bundle = new LateSource(() => this.#lastError);
    this.#running = this.#run();
  }

  /** What went wrong last; of no meaning while all is well. */
  get lastError(): MeshError {
    return this.#lastError;
  }

  ready(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const isThere = this.svid.orNull() !== null;
        const over = signal.aborted || this.#hopeless || this.#stop.signal.aborted;
        if (!isThere && !over) return;
        signal.removeEventListener('abort', look);
        this.#waiting.delete(look);
        if (isThere) resolve();
        else reject(this.#lastError);
      };
      signal.addEventListener('abort', look);
      this.#waiting.add(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { retry = RETRY, random = systemRandom } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const end = await followStream({
        target: this.#target,
        endpoint: this.#endpoint,
        clock: this.#clock,
        signal,
        onMessage: (response) => this.#take(response),
      });
      if (signal.aborted) return;
      failures = end.heard ? 1 : failures + 1;
      this.#hopeless = end.hopeless;
      this.#failed(end.error);
      if (end.hopeless) return;
      await sleep(this.#clock, backoffMs(retry, failures, random), signal).catch(() => {});
    }
  }

  #take(response: X509SvidResponse): void {
    if (response.crl.length > 0 && !this.#toldOfCrl) {
      this.#toldOfCrl = true;
      this.#log(
        `the SPIFFE Workload API at ${this.#endpoint} sends revocation lists, which are NOT looked at: use short-lived SVIDs, or the deny list of the config service`,
      );
    }
    try {
      const { hint } = this.#options;
      const { svid, bundle } = readState(response, { hint, wallNow: this.#clock.wallNow() });
      const [present, trusted] = [this.svid.orNull(), this.bundle.orNull()];
      // Roots first: whoever looks at the new SVID finds the roots that it leads to.
      if (trusted === null || !sameBundle(trusted, bundle)) this.bundle.set(bundle);
      if (present === null || !sameSvid(present, svid)) this.svid.set(svid);
    } catch (cause) {
      this.#failed(
        cause instanceof MeshError
          ? cause
          : new MeshError(`the message of the Workload API is refused: ${String(cause)}`, {
              code: 'HEDDLE_IDENTITY_UNAVAILABLE',
              cause,
            }),
      );
    }
    this.#wake();
  }

  #failed(error: MeshError): void {
    this.#lastError = error;
    const stays = this.svid.orNull() === null ? '' : '; the identity of before stays';
    this.#log(`${error.message}${stays}`);
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #log(line: string): void {
    const log = this.#options.log ?? ((text: string) => void process.stderr.write(`heddle: ${text}\n`));
    log(line);
  }
}

function sameSvid(one: Svid, other: Svid): boolean {
  return one.chain.join('') === other.chain.join('') && one.key.equals(other.key);
}
