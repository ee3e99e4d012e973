/**
 * Who signs after whom. An intermediate is replaced at half its life. A root is replaced in steps, each of which lies whole in the store
 * before the next begins: announced (all workloads are to trust it), signing (what is issued from now on is below it; the old one stays
 * trusted), and gone (the last certificate below the old one has ended). A process that is killed goes on where it was.
 */
import { X509Certificate } from 'node:crypto';
import { type Clock, MeshError, SpiffeId, type Timer } from 'heddle/ports';
import {
  createRequest,
  crossCertificate,
  type KeyType,
  makeIntermediate,
  makeRoot,
  newKey,
} from 'heddle/security';
import { because, type Log } from '../log.js';
import type { Authority } from './authority.js';
import {
  announce,
  forgetEnded,
  type IntermediateState,
  letSign,
  type RootState,
  replaceIntermediate,
  short,
  signingIntermediate,
  signingRoot,
  withdraw,
} from './ca-state.js';
import type { Denials } from './deny-list.js';
import { longestTtl } from './issuance-policy.js';
import type { IssuedLog } from './issued.js';
import type { KeyFiles } from './key-files.js';
import { type Brought, intermediateFacts, rootFacts } from './material.js';

export interface SuccessionOptions {
  readonly authority: Authority;
  readonly files: KeyFiles;
  readonly issued: IssuedLog;
  readonly denials: Denials;
  readonly clock: Clock;
  readonly log: Log;
  readonly keyType: KeyType;
  readonly intermediateTtlMs: number;
  /** Workloads that do not trust the present bundle yet. */
  readonly lagging: () => Promise<readonly string[]>;
}

export interface RootRotation {
  /** What an operator brought. @default a root is made here */
  readonly brought?: Brought | undefined;
  /** How long to wait for workloads that do not say that they trust the new root. @default an hour */
  readonly waitMs?: number | undefined;
  readonly author: string;
}

const WAIT_MS = 3_600_000;
/** An intermediate is replaced at this share of its life. */
const REPLACE_RATIO = 0.5;
/** How often the wall clock is read: a timer stands still while a machine sleeps, and a certificate grows old all the same. */
const LOOK_MS = 10_000;
/** Workloads whose clocks are slow use a certificate for a little longer. */
const MARGIN_MS = 60_000;

export class Succession {
  readonly #options: SuccessionOptions;
  #timer: Timer | undefined;
  #closed = false;
  #warned = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: SuccessionOptions) {
    this.#options = options;
  }

  /** Does what has become due, now and for as long as the service runs. */
  start(): void {
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#last;
  }

  /** Announces a new root. @throws MeshError `HEDDLE_INVALID_ARGUMENT` if one is announced already */
  rotateRoot({ brought, waitMs = WAIT_MS, author }: RootRotation): Promise<RootState> {
    return this.#alone(async () => {
      const { authority, files, clock, keyType } = this.#options;
      const { trustDomain } = authority;
      const now = clock.wallNow();
      const made = brought === undefined ? await makeRoot({ trustDomain, keyType, wallNow: now }) : null;
      const certificate = made?.certificate ?? brought!.root;
      const pair = made ?? brought!.rootPair;
      const root = { ...rootFacts(certificate), vouchers: this.#vouchers(certificate, brought) };
      const intermediate = brought?.intermediate ? this.#facts(certificate, brought.intermediate) : null;
      const state = announce(authority.state, { root, intermediate, signsAt: now + waitMs }, now);
      if (pair !== null) files.write('root', pair);
      if (brought?.intermediate) files.write('intermediate', brought.intermediate.pair);
      await authority.apply(() => state);
      this.#log('ca.root-announced', { root: root.fingerprint, author });
      this.nudge();
      return authority.state.roots.find(({ fingerprint }) => fingerprint === root.fingerprint)!;
    });
  }

  /**
   * Signs by another intermediate from now on.
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the root's key is not here and nothing was brought
   */
  rotateIntermediate(author: string, brought?: Brought): Promise<IntermediateState> {
    return this.#alone(async () => {
      const facts = brought?.intermediate
        ? this.#bring(brought.root, brought.intermediate)
        : await this.#make(signingRoot(this.#options.authority.state));
      if (facts === undefined) throw invalid(`${NO_KEY}; bring an intermediate (\`heddle ca install\`)`);
      await this.#options.authority.apply((state) => replaceIntermediate(state, facts));
      this.#log('ca.intermediate-signs', { intermediate: facts.fingerprint, author });
      return facts;
    });
  }

  /**
   * A request (PKCS#10, DER) for a certificate of an intermediate, to be signed where the root's key is. Its own key stays here, and is the
   * same until the certificate for it was brought: asking twice makes nothing void.
   */
  requestIntermediate(author: string): Promise<Buffer> {
    return this.#alone(async () => {
      const { authority, files, keyType } = this.#options;
      const waiting = files.requested();
      const key = waiting ?? (await newKey(keyType));
      if (waiting === undefined) files.writeRequested(key);
      this.#log('ca.intermediate-requested', { author });
      return createRequest({ key, spiffeId: SpiffeId.parse(`spiffe://${authority.trustDomain}`) });
    });
  }

  /**
   * Takes a root out of the bundle, at once; whoever has a certificate below it is cut off until it has another one.
   * @param name fingerprint, or the beginning of it
   */
  retire(name: string, author: string): Promise<RootState> {
    return this.#alone(async () => {
      const found = this.#options.authority.state.roots.filter(({ fingerprint }) =>
        fingerprint.startsWith(name),
      );
      if (found.length !== 1)
        throw invalid(`${found.length} roots begin with ${name}; \`heddle ca status\` shows them`);
      await this.#withdraw(found[0]!, author);
      return found[0]!;
    });
  }

  /** A workload has said what it trusts, or has gone: perhaps nobody is left to wait for. */
  nudge(): void {
    if (this.#options.authority.state.roots.some(({ phase }) => phase === 'announced')) void this.look();
  }

  /** Does what is due. Never rejects: what fails is tried again. */
  async look(): Promise<void> {
    await this.#alone(() => this.#look()).catch((error: unknown) => {
      this.#options.log({ level: 'error', event: 'ca.failed', fields: { error: because(error) } });
    });
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const { authority, clock, denials, lagging } = this.#options;
    const now = clock.wallNow();
    await denials.forgetEnded();
    await authority.apply((state) => forgetEnded(state, now));
    const announced = authority.state.roots.find(({ phase }) => phase === 'announced');
    if (announced !== undefined && ((announced.until ?? 0) <= now || (await lagging()).length === 0))
      await this.#letSign(announced);
    for (const root of authority.state.roots)
      if (root.phase === 'retiring' && (root.until ?? 0) <= now) await this.#withdraw(root, 'heddle');
    await this.#replaceIfDue(now);
  }

  async #letSign(root: RootState): Promise<void> {
    const { authority, issued, clock } = this.#options;
    const { state } = authority;
    const brought = state.intermediates.findLast((one) => one.root === root.fingerprint);
    const intermediate = brought ?? (await this.#make(root));
    if (intermediate === undefined) throw invalid(`${NO_KEY} (${short(root)})`);
    const now = clock.wallNow();
    const longest = longestTtl(authority.policy, authority.svidTtlMs);
    const leaveAt = Math.max(now + longest, await issued.lastEnd(signingRoot(state).fingerprint)) + MARGIN_MS;
    await authority.apply((present) => letSign(present, intermediate, leaveAt, now));
    this.#log('ca.root-signs', { root: root.fingerprint, oldLeavesAt: new Date(leaveAt).toISOString() });
  }

  async #withdraw(root: RootState, author: string): Promise<void> {
    const { authority, files, issued, clock } = this.#options;
    const below = authority.state.intermediates.filter((one) => one.root === root.fingerprint);
    const lastEnd = await issued.lastEnd(root.fingerprint);
    const now = clock.wallNow();
    await authority.apply((state) => withdraw(state, root.fingerprint, lastEnd, now));
    for (const { fingerprint } of below) files.remove('intermediate', fingerprint);
    files.remove('root', root.fingerprint);
    this.#log('ca.root-retired', { root: root.fingerprint, author });
  }

  async #replaceIfDue(now: number): Promise<void> {
    const { authority, intermediateTtlMs, log } = this.#options;
    const { since, notAfter, fingerprint } = signingIntermediate(authority.state);
    const share = (now - since) / (notAfter - since);
    if (share < REPLACE_RATIO) return;
    const root = signingRoot(authority.state);
    const gain = Math.min(now + intermediateTtlMs, endOf(root)) - notAfter;
    const made = gain > LOOK_MS ? await this.#make(root) : undefined;
    if (made !== undefined) {
      await authority.apply((state) => replaceIntermediate(state, made));
      this.#log('ca.intermediate-signs', { intermediate: made.fingerprint, author: 'heddle' });
      return;
    }
    // Loud at a half, at three quarters, at seven eighths, …: what only an operator can change.
    const stage = Math.floor(-Math.log2(Math.max(1 - share, 2 ** -20)));
    if (stage <= this.#warned) return;
    this.#warned = stage;
    const what = 'bring another one (`heddle ca install`), or a new root (`heddle ca rotate root`)';
    log({
      level: 'warn',
      event: 'ca.intermediate-ends',
      fields: { intermediate: fingerprint, at: new Date(notAfter).toISOString(), what },
    });
  }

  /** undefined: the root's key is not here. */
  async #make(root: RootState): Promise<IntermediateState | undefined> {
    const { authority, files, clock, keyType, intermediateTtlMs } = this.#options;
    const pair = files.read('root', root.fingerprint);
    if (pair === undefined) return undefined;
    const wish = { trustDomain: authority.trustDomain, keyType, lifetimeMs: intermediateTtlMs };
    const made = await makeIntermediate({ ...wish, root: pair, wallNow: clock.wallNow() });
    return this.#bring(root.certificate, { pair: made, above: [] });
  }

  #bring(root: string, parts: NonNullable<Brought['intermediate']>): IntermediateState {
    this.#options.files.write('intermediate', parts.pair);
    return this.#facts(root, parts);
  }

  #facts(root: string, { pair, above }: NonNullable<Brought['intermediate']>): IntermediateState {
    return intermediateFacts({ certificate: pair.certificate, root, above }, this.#options.clock.wallNow());
  }

  /** What older roots say for a new one: ours, if their keys are here, and what was brought. */
  #vouchers(certificate: string, brought: Brought | undefined): RootState['vouchers'] {
    const { authority, files } = this.#options;
    const present = signingRoot(authority.state);
    const pair = files.read('root', present.fingerprint);
    const given = (brought?.vouchers ?? []).map((one) => ({ by: present.fingerprint, certificate: one }));
    if (pair === undefined) return given;
    return [...given, { by: present.fingerprint, certificate: crossCertificate(pair, certificate) }];
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(LOOK_MS, () => void this.look().then(() => this.#schedule()));
  }

  /** One thing at a time: commands of operators, and what is due. */
  #alone<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }

  #log(event: string, fields: Readonly<Record<string, string>>): void {
    this.#options.log({ level: 'warn', event, fields });
  }
}

const NO_KEY = 'the key of the root is not here';

function endOf({ certificate }: RootState): number {
  return Date.parse(new X509Certificate(certificate).validTo);
}

function invalid(message: string): MeshError {
  return new MeshError(message, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
