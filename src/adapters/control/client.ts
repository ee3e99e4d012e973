/**
 * The workload's side of the config service: one stream that is kept alive for ever, the policy that it carries, and the identity it
 * is opened with. While the service is away nothing here waits for it: the last policy stays, and the status says since when.
 */
import type { ClientHttp2Session } from 'node:http2';
import { backoffMs } from '../../base/backoff.js';
import { sleep } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import { type Source, Value } from '../../base/source.js';
import { withTimeLimit } from '../../base/time-limit.js';
import type { EffectivePolicy } from '../../policy/effective.js';
import type { PolicySource, PolicySourceStatus, PolicyVerdict } from '../../policy/source.js';
import {
  type ListenerRegistration,
  PROTOCOL_VERSION,
  type RenewalOverdue,
  type WorkloadMessage,
} from '../../ports/control-protocol.js';
import type { Svid } from '../../ports/identity.js';
import { policyReady } from '../policy-ready.js';
import { Generations, openStateFolder } from '../state-dir/index.js';
import { followCertificate } from './certificate-watch.js';
import { openSession, parseControlUrl } from './connection.js';
import { ControlStatus } from './control-status.js';
import { ControlIdentity } from './identity.js';
import { LastGoodPolicy } from './last-good.js';
import type { ControlOptions } from './options.js';
import { Replica } from './replica.js';
import { type Update, versionsOf } from './resources.js';
import { PolicyStream, type StreamEnd } from './stream.js';

/** From the first byte to a verified connection, certificate included. */
const OPEN_MS = 5_000;
/** Full jitter: at first up to 200 ms, in the end up to 5 s, so that a restarted service is found again in seconds, not stormed */
const RECONNECT = { baseDelayMs: 200, maxDelayMs: 5_000 };
/** What the service hears of a refusal: enough to find the fault. */
const MAX_REASONS = 20;
const MAX_REASON_CHARACTERS = 500;
/** When the service says that it wants no more of this workload. */
const UNWANTED_MS = 30_000;

export class ControlClient implements PolicySource {
  readonly policy = new Value<EffectivePolicy | null>(null);
  /** `current()` of its sources throws `HEDDLE_IDENTITY_UNAVAILABLE` until the service has issued the first certificate. */
  readonly identity: ControlIdentity;
  readonly #options: ControlOptions;
  readonly #status: ControlStatus;
  readonly #url: URL;
  readonly #lastGood: LastGoodPolicy | null;
  readonly #files: Generations | null;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #stream: PolicyStream | null = null;
  readonly #replica: Replica;
  #verdict: Extract<WorkloadMessage, { type: 'accepted' | 'refused' }> | null = null;
  #runningRevision = 0;
  #listeners: readonly ListenerRegistration[] = [];

  /** @throws MeshError `HEDDLE_INVALID_SETTING` for a URL or token that is not one, and a state folder that cannot be used */
  constructor(options: ControlOptions) {
    this.#options = options;
    this.#url = parseControlUrl(options.url);
    this.#status = new ControlStatus({ ...options, location: this.#url.origin });
    const { stateDir, workload, clock } = options;
    const folder = stateDir === undefined ? null : openStateFolder(stateDir);
    const log = (line: string) => this.#status.log(line);
    const files = (kind: 'policy' | 'identity') =>
      folder && new Generations({ folder, kind, workload, clock, log });
    this.#files = files('policy');
    this.#lastGood = this.#files && new LastGoodPolicy(this.#files);
    this.identity = new ControlIdentity({
      ...options,
      url: this.#url,
      files: files('identity'),
      onOverdue: (stage, status) => {
        this.#tellOverdue();
        options.onOverdue?.(stage, status);
      },
    });
    this.#replica = new Replica({ bundleFault: (bundle) => this.identity.bundleFault(bundle) });
    this.#running = this.#run();
  }

  get status(): Source<PolicySourceStatus> {
    return this.#status.source;
  }

  ready(signal: AbortSignal): Promise<void> {
    const { policy, status } = this;
    const hopeless = () => this.#status.hopeless;
    const closed = this.#closed.signal;
    return policyReady({ policy, status, closed, refusalIsFinal: false, hopeless }, signal);
  }

  register(listeners: readonly ListenerRegistration[]): void {
    this.#listeners = listeners;
    this.#stream?.send({ type: 'listen', listeners });
  }

  report(revision: number, verdict: PolicyVerdict): void {
    if (revision !== this.policy.current()?.revision) return;
    if (!verdict.accepted) {
      this.#refuse(revision, verdict.because);
      return;
    }
    this.#runningRevision = revision;
    this.#verdict = { type: 'accepted', revision, ...this.#trusts() };
    this.#stream?.send(this.#verdict);
    if (this.#status.now.fromLastGood) return;
    this.#lastGood?.save({ revision, held: this.#replica.held }, this.#trustDomain ?? '');
  }

  async close(): Promise<void> {
    this.#closed.abort(new MeshError('the mesh was closed', { code: 'HEDDLE_CLOSED' }));
    const stream = this.#stream;
    // Who serves nothing any more is forgotten at once, instead of being waited for.
    if (this.#listeners.length > 0) stream?.send({ type: 'listen', listeners: [] });
    stream?.close('the mesh was closed');
    await Promise.all([this.#running, stream?.left, this.identity.close(), this.#files?.close()]);
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options;
    const { signal } = this.#closed;
    for (let failures = 0; !signal.aborted; ) {
      const end = await this.#live();
      if (signal.aborted) return;
      this.#replica.reconnect();
      if (end.planned) continue;
      failures = end.welcomed ? 1 : failures + 1;
      const error = await this.#startFromState(end.error);
      if (signal.aborted) return;
      this.#status.away({ ...end, error }, this.policy.current() !== null);
      const delayMs = end.retry ? backoffMs(RECONNECT, failures, random) : UNWANTED_MS;
      await sleep(clock, delayMs, signal).catch(() => {});
    }
  }

  /** One connection, from opening it to its end. Never rejects. */
  async #live(): Promise<StreamEnd> {
    let session: ClientHttp2Session | null = null;
    try {
      session = await this.#open();
      return await this.#talk(session);
    } catch (cause) {
      session?.destroy();
      const error = cause instanceof MeshError ? cause : unexpected(cause);
      return { error, welcomed: false, retry: true, planned: false };
    }
  }

  #open(): Promise<ClientHttp2Session> {
    const { signal } = this.#closed;
    const limit = { clock: this.#options.clock, limitMs: OPEN_MS, signal, error: () => tooLate(this.#url) };
    return withTimeLimit(limit, async (stop) => {
      await this.identity.start(stop);
      return openSession(this.#url, this.identity.trust(), stop);
    });
  }

  async #talk(session: ClientHttp2Session): Promise<StreamEnd> {
    const { clock } = this.#options;
    const svid = this.identity.current();
    const stream = new PolicyStream({
      session,
      clock,
      hello: this.#hello(svid),
      welcome: () => this.#welcomed(),
      update: (message) => this.#update(message),
    });
    this.#stream = stream;
    if (this.#closed.signal.aborted) stream.close('the mesh was closed');
    const unfollow = svid === null ? () => {} : followCertificate(stream, this.identity.svid, clock);
    const end = await stream.ended;
    unfollow();
    this.#stream = null;
    return end;
  }

  #hello(svid: Svid | null): WorkloadMessage {
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      workload: this.#options.workload,
      hosts: this.#options.hosts ?? ['*'],
      have: versionsOf(this.#replica.held),
      revision: this.#runningRevision,
      listeners: this.#listeners,
      certificateExpiresAt: svid?.notAfter ?? null,
      ...this.#overdue(),
    };
  }

  /** Operators see it beside the others, too. */
  #tellOverdue(): void {
    const svid = this.identity.svid.orNull();
    if (svid !== null)
      this.#stream?.send({ type: 'certificate', expiresAt: svid.notAfter, ...this.#overdue() });
  }

  #overdue(): { readonly overdue?: RenewalOverdue } {
    const { overdue: stage, lastFailure } = this.identity.status() ?? { overdue: null, lastFailure: null };
    if (stage === null) return {};
    return { overdue: { stage, because: messageOf(lastFailure).slice(0, MAX_REASON_CHARACTERS) } };
  }

  #welcomed(): void {
    this.#status.connected();
    // The service asks once for each revision; what it was told on a connection that broke it may not have heard.
    if (this.#verdict?.type === 'refused') this.#stream?.send(this.#verdict);
  }

  #update(update: Update): void {
    const taken = this.#replica.take(update);
    if (taken.kind === 'refused') this.#refuse(update.revision, taken.because);
    if (taken.kind === 'unchanged') {
      this.#status.confirmed();
      if (this.#verdict !== null) this.#stream?.send(this.#verdict);
    }
    if (taken.kind === 'changed') {
      this.#verdict = null;
      this.#status.offered(update.revision);
      if (taken.bundle !== null) this.identity.setBundle(taken.bundle);
      this.#offer(taken.policy);
    }
  }

  /** A listener that throws must not cost the stream: what it could not take is a policy refused. */
  #offer(policy: EffectivePolicy): void {
    try {
      this.policy.set(policy);
    } catch (cause) {
      this.#refuse(policy.revision, [`the workload could not take it: ${messageOf(cause)}`]);
    }
  }

  /** A change of roots waits until all workloads say this. */
  #trusts(): { readonly bundle?: string } {
    const bundle = this.#replica.held.get('bundle')?.version;
    return bundle === undefined ? {} : { bundle };
  }

  #refuse(revision: number, reasons: readonly string[]): void {
    const because = reasons.slice(0, MAX_REASONS).map((reason) => reason.slice(0, MAX_REASON_CHARACTERS));
    this.#verdict = { type: 'refused', revision, because, ...this.#trusts() };
    this.#stream?.send(this.#verdict);
    this.#status.refused(revision, because);
  }

  get #trustDomain(): string | null {
    return this.identity.bundle.orNull()?.trustDomain ?? null;
  }

  /**
   * Starts with identity and policy of an earlier process, if there is nothing else to start with.
   * @returns `error`, and why it was not possible
   */
  async #startFromState(error: MeshError): Promise<MeshError> {
    const unreachable = error.code === 'HEDDLE_CONNECT_FAILED' || error.code === 'HEDDLE_CONNECTION_LOST';
    if (this.#lastGood === null || this.policy.current() !== null || !unreachable) return error;
    try {
      await this.#restoreIdentity();
      const saved = await this.#lastGood.load(this.#trustDomain);
      if (saved === null) throw new Error('no policy was saved');
      if (this.#closed.signal.aborted) return error;
      const taken = this.#replica.restore(saved.held, saved.revision);
      if (taken.kind === 'refused') throw new Error(taken.because.join('; '));
      if (taken.kind !== 'changed') return error;
      this.#status.restored(saved.revision, saved.savedAt);
      if (taken.bundle !== null) this.identity.setBundle(taken.bundle);
      this.#offer(taken.policy);
      return error;
    } catch (cause) {
      return new MeshError(`${plain(error)}; and the state folder is of no help: ${messageOf(cause)}`, {
        code: error.code,
        cause,
      });
    }
  }

  /** @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE`: without an identity nobody would be let in, here or there */
  async #restoreIdentity(): Promise<void> {
    try {
      await this.identity.restore();
    } catch (error) {
      if (this.#options.identityElsewhere !== true) throw error;
    }
  }
}

/** Without the code, which the one that quotes it has too. */
function plain(error: MeshError): string {
  return error.message.replace(/^\[HEDDLE_[A-Z_]+\] /, '');
}

function tooLate(url: URL): MeshError {
  return new MeshError(`the config service at ${url.origin} did not answer within ${OPEN_MS} ms`, {
    code: 'HEDDLE_CONNECT_FAILED',
  });
}

function unexpected(cause: unknown): MeshError {
  return new MeshError(`cannot use the config service: ${messageOf(cause)}`, {
    code: 'HEDDLE_CONNECT_FAILED',
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
