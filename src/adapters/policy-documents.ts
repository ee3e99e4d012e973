/**
 * Policy that the workload itself reads as documents, from a folder or a URL: the half that both share. Documents are taken all
 * together or not at all, so that a spelling mistake never leaves half a policy in force.
 */
import type { Clock } from '../base/clock.js';
import { type Source, Value } from '../base/source.js';
import type { EffectiveMesh, EffectivePolicy } from '../policy/effective.js';
import type { Message, PolicyFile, Scope } from '../policy/resource.js';
import {
  formatMessage,
  type PolicySourceStatus,
  type PolicyVerdict,
  plainMessage,
} from '../policy/source.js';
import { DocumentPipeline } from './policy-pipeline.js';
import { policyReady } from './policy-ready.js';

/** What files and URLs have in common. */
export interface DocumentOptions {
  /** From whose point of view the documents are resolved. */
  readonly scope: Scope;
  /** @default trust domain `cluster.local`, `REGISTRY_ONLY` */
  readonly mesh?: EffectiveMesh;
  readonly clock: Clock;
  /** One line for each change of what is known about the source. @default none */
  readonly log?: (line: string) => void;
}

const DEFAULT_MESH: EffectiveMesh = { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' };

export class PolicyDocuments {
  readonly #options: DocumentOptions;
  readonly #policy = new Value<EffectivePolicy | null>(null);
  readonly #status: Value<PolicySourceStatus>;
  readonly #closed = new AbortController();
  readonly #pipeline: DocumentPipeline;
  #seen: readonly PolicyFile[] | null = null;
  #revision = 0;

  constructor(kind: 'file' | 'url', location: string, options: DocumentOptions) {
    this.#options = options;
    this.#pipeline = new DocumentPipeline({ scope: options.scope, mesh: options.mesh ?? DEFAULT_MESH });
    this.#status = new Value<PolicySourceStatus>({
      kind,
      location,
      connected: false,
      revision: 0,
      lastError: null,
      refused: null,
      staleSince: null,
      fromLastGood: false,
    });
  }

  get policy(): Source<EffectivePolicy | null> {
    return this.#policy;
  }

  get status(): Source<PolicySourceStatus> {
    return this.#status;
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** The documents as they are now. Those that were seen before count as read, and no more. */
  offer(files: readonly PolicyFile[]): void {
    if (this.isClosed) return;
    if (this.#seen !== null && sameFiles(this.#seen, files)) {
      this.confirm();
      return;
    }
    this.#seen = files;
    this.#revision += 1;
    const revision = this.#revision;
    const compiled = this.#pipeline.compile(files, revision);
    if (compiled.policy === null) {
      this.#refuse(revision, compiled.messages);
      return;
    }
    for (const message of compiled.messages) this.#log(`warning: ${formatMessage(message)}`);
    this.#log(`policy revision ${revision} read from ${this.#status.current().location}`);
    this.#update({ connected: true, revision, lastError: null, refused: null, staleSince: null });
    this.#policy.set(compiled.policy);
  }

  /** The source was read and nothing has changed. */
  confirm(): void {
    const { connected, lastError, refused } = this.#status.current();
    if (this.isClosed || (connected && (lastError === null || refused !== null))) return;
    this.#update({
      connected: true,
      lastError: refused === null ? null : refusalText(refused.messages),
      staleSince: refused === null ? null : this.#staleSince(),
    });
  }

  /** The source cannot be read. What is in force stays. */
  fail(because: string): void {
    const { connected, lastError } = this.#status.current();
    if (this.isClosed || (!connected && lastError === because)) return;
    this.#log(because);
    this.#update({ connected: false, lastError: because, staleSince: this.#staleSince() });
  }

  report(revision: number, verdict: PolicyVerdict): void {
    if (this.isClosed || verdict.accepted || revision !== this.#revision) return;
    const { location } = this.#status.current();
    this.#refuse(
      revision,
      verdict.because.map((text) => plainMessage(text, location)),
    );
  }

  /** @see PolicySource.ready */
  ready(signal: AbortSignal): Promise<void> {
    const { signal: closed } = this.#closed;
    return policyReady({ policy: this.#policy, status: this.#status, closed, refusalIsFinal: true }, signal);
  }

  close(): void {
    this.#closed.abort();
  }

  #refuse(revision: number, messages: readonly Message[]): void {
    const lastError = refusalText(messages);
    this.#log(`policy revision ${revision} refused, the one before stays in force: ${lastError}`);
    this.#update({
      connected: true,
      lastError,
      refused: { revision, messages },
      staleSince: this.#staleSince(),
    });
  }

  #staleSince(): number {
    return this.#status.current().staleSince ?? this.#options.clock.wallNow();
  }

  #update(change: Partial<PolicySourceStatus>): void {
    this.#status.set({ ...this.#status.current(), ...change });
  }

  #log(line: string): void {
    this.#options.log?.(line);
  }
}

function refusalText(messages: readonly Message[]): string {
  const [first] = messages;
  if (first === undefined) return 'refused';
  const more = messages.length > 1 ? ` (and ${messages.length - 1} more)` : '';
  return `${formatMessage(first)}${more}`;
}

function sameFiles(a: readonly PolicyFile[], b: readonly PolicyFile[]): boolean {
  return (
    a.length === b.length && a.every((file, at) => file.file === b[at]!.file && file.text === b[at]!.text)
  );
}
