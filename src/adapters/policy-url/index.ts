/** Policy from an HTTP(S) URL, polled: a change there is in force at the next poll. */
import { Agent } from 'undici';
import { backoffMs } from '../../base/backoff.js';
import { sleep } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { Random } from '../../base/random.js';
import { withTimeLimit } from '../../base/time-limit.js';
import { parseUrl } from '../../base/url.js';
import type { PolicySource } from '../../policy/source.js';
import { type DocumentOptions, PolicyDocuments } from '../policy-documents.js';
import { readPolicyUrl } from './read.js';

export interface PolicyUrlOptions extends DocumentOptions {
  readonly random: Random;
  /** Between two polls; each is up to a tenth earlier or later, so that many workloads do not ask at once. @default 10 000 */
  readonly intervalMs?: number;
  /** For one poll, from connecting to the last byte. @default 5 000 */
  readonly timeoutMs?: number;
  /** Sent with each poll, e.g. `authorization`. Never logged. @default none */
  readonly headers?: Readonly<Record<string, string>>;
}

const FIRST_RETRY_MS = 500;

/**
 * Begins to poll `url`; `ready` says when there is policy. The body is YAML or JSON, of as many documents as it likes.
 * @throws MeshError `HEDDLE_INVALID_SETTING` unless `url` is http(s) without credentials
 * @example const source = pollPolicyUrl('https://config.example/policy.yaml', { scope, clock: systemClock, random: systemRandom });
 */
export function pollPolicyUrl(url: string, options: PolicyUrlOptions): PolicySource {
  const parsed = parseUrl(url);
  const known = parsed?.protocol === 'https:' || parsed?.protocol === 'http:';
  if (parsed === null || !known || parsed.username !== '' || parsed.password !== '') {
    throw new MeshError(
      'the policy URL must be http:// or https:// without user and password; credentials go into a header',
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
  return new PolicyUrl(parsed, options);
}

class PolicyUrl implements PolicySource {
  readonly #url: URL;
  readonly #options: PolicyUrlOptions;
  readonly #documents: PolicyDocuments;
  readonly #closed = new AbortController();
  readonly #agent = new Agent({ connections: 1, pipelining: 1 });
  readonly #polling: Promise<void>;

  constructor(url: URL, options: PolicyUrlOptions) {
    this.#url = url;
    this.#options = options;
    // A query may hold a key; the place is known without it.
    this.#documents = new PolicyDocuments('url', `${url.origin}${url.pathname}`, options);
    this.#polling = this.#poll();
  }

  get policy() {
    return this.#documents.policy;
  }

  get status() {
    return this.#documents.status;
  }

  report: PolicySource['report'] = (revision, verdict) => this.#documents.report(revision, verdict);
  ready: PolicySource['ready'] = (signal) => this.#documents.ready(signal);

  /** Nobody else reads what a URL is told. */
  register(): void {}

  async close(): Promise<void> {
    this.#documents.close();
    this.#closed.abort();
    await this.#polling;
    await this.#agent.destroy();
  }

  async #poll(): Promise<void> {
    const { clock, random, intervalMs = 10_000 } = this.#options;
    const { signal } = this.#closed;
    let etag: string | null = null;
    for (let failures = 0; !signal.aborted; ) {
      try {
        etag = await this.#pollOnce(etag);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#documents.fail(error instanceof Error ? error.message : String(error));
      }
      const jitteredMs = intervalMs * (0.9 + 0.2 * random.next());
      const retry = { baseDelayMs: Math.min(FIRST_RETRY_MS, intervalMs), maxDelayMs: intervalMs };
      const delayMs = failures === 0 ? jitteredMs : backoffMs(retry, failures, random);
      await sleep(clock, delayMs, signal).catch(() => {});
    }
  }

  /** The tag to ask with next time. */
  #pollOnce(etag: string | null): Promise<string | null> {
    const { clock, timeoutMs = 5_000, headers = {} } = this.#options;
    const error = () => new Error(`no answer within ${timeoutMs} ms`);
    const limit = { clock, limitMs: timeoutMs, signal: this.#closed.signal, error };
    return withTimeLimit(limit, async (signal) => {
      const answer = await readPolicyUrl({ url: this.#url, headers, etag, agent: this.#agent, signal });
      if (answer.kind === 'unchanged') {
        this.#documents.confirm();
        return etag;
      }
      this.#documents.offer([{ file: this.#documents.status.current().location, text: answer.text }]);
      return answer.etag;
    });
  }
}
