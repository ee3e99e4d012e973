/**
 * The foreign trust domains of this mesh: fetches their bundles as often as they ask for it, keeps the last good one in the store, and
 * tells what they are now.
 * @source SPIFFE_Federation.md §4, §6
 */
import {
  type Clock,
  type ForeignBundle,
  MeshError,
  type Random,
  type Source,
  SpiffeId,
  sleep,
  type TrustBundle,
  Value,
} from 'heddle/ports';
import { MAX_FEDERATED, readSpiffeBundle } from 'heddle/security';
import { FEDERATION_PREFIX } from '../keys.js';
import { because, type Log } from '../log.js';
import type { EventBatch, Store } from '../store/store.js';
import { fetchBundle } from './bundle-endpoint.js';
import { type Relation, rootsIn } from './relation.js';

export interface FederationOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ours. */
  readonly bundle: Source<TrustBundle>;
  /** Roots of the servers of `https_web`, PEM; null: the platform's. */
  readonly webRoots: readonly string[] | null;
}

/** A relation, and how it stands. */
export interface RelationStatus extends Relation {
  /** Why the last attempt failed; null: it did not. */
  readonly lastError: string | null;
}

/** What the standard recommends where a bundle does not say. */
const REFRESH_MS = 300_000;
/** A hint must neither make us hammer its server nor keep a key that was taken back for a day. */
const [SHORTEST_MS, LONGEST_MS] = [10_000, 3_600_000];
const RETRY_MS = 5_000;

export class Federation {
  readonly foreign = new Value<readonly ForeignBundle[]>([]);
  readonly #options: FederationOptions;
  readonly #stop = new AbortController();
  readonly #relations = new Map<string, Relation>();
  /** Revision of the last write that was seen of each, removals included: notices of our own writes come late. */
  readonly #seen = new Map<string, number>();
  readonly #errors = new Map<string, string>();
  /** Ends the loop of a relation. */
  readonly #loops = new Map<string, AbortController>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: FederationOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { store } = this.#options;
    const { entries, revision } = await store.list(FEDERATION_PREFIX);
    for (const entry of entries) this.#hold(entry.value as Relation, entry.modRevision);
    this.#tell();
    const events = store.watch(FEDERATION_PREFIX, { fromRevision: revision + 1, signal: this.#stop.signal });
    this.#run(this.#follow(events));
  }

  list(): readonly RelationStatus[] {
    return [...this.#relations.values()].map((relation) => ({
      ...relation,
      lastError: this.#errors.get(relation.trustDomain) ?? null,
    }));
  }

  /** Makes a relation, or replaces it; a bundle that is not given anew stays. @throws MeshError `HEDDLE_INVALID_ARGUMENT` for too many */
  async put(relation: Relation): Promise<Relation> {
    const { trustDomain } = relation;
    const present = this.#relations.get(trustDomain);
    if (present === undefined && this.#relations.size >= MAX_FEDERATED) {
      throw new MeshError(`at most ${MAX_FEDERATED} trust domains can be federated`, {
        code: 'HEDDLE_INVALID_ARGUMENT',
      });
    }
    const kept =
      relation.bundle !== null || present === undefined
        ? relation
        : { ...relation, bundle: present.bundle, updatedAt: present.updatedAt };
    const key = FEDERATION_PREFIX + trustDomain;
    const { revision } = await this.#options.store.commit({
      operations: [{ type: 'put', key, value: kept }],
    });
    this.#hold(kept, revision);
    this.#tell();
    return kept;
  }

  /** From then on nobody of it is believed. false: there was no such relation. */
  async remove(trustDomain: string): Promise<boolean> {
    if (!this.#relations.has(trustDomain)) return false;
    const key = FEDERATION_PREFIX + trustDomain;
    const { revision } = await this.#options.store.commit({ operations: [{ type: 'delete', key }] });
    this.#drop(trustDomain, revision);
    this.#tell();
    return true;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error('closed'));
    for (const loop of this.#loops.values()) loop.abort(new Error('closed'));
    await Promise.all(this.#running);
  }

  /** Other replicas write, too. */
  async #follow(events: AsyncIterable<EventBatch>): Promise<void> {
    try {
      for await (const batch of events) {
        for (const event of batch.events) {
          if (event.type === 'put') this.#hold(event.entry.value as Relation, batch.revision);
          else this.#drop(event.key.slice(FEDERATION_PREFIX.length), batch.revision);
        }
        this.#tell();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#warn('federation.watch', { because: because(error) });
    }
  }

  #hold(relation: Relation, revision: number): void {
    const { trustDomain, endpoint } = relation;
    if (!this.#isNews(trustDomain, revision)) return;
    const present = this.#relations.get(trustDomain);
    this.#relations.set(trustDomain, relation);
    const same = JSON.stringify(present?.endpoint ?? null) === JSON.stringify(endpoint);
    if (present !== undefined && same) return;
    this.#loops.get(trustDomain)?.abort(new Error('replaced'));
    this.#loops.delete(trustDomain);
    this.#errors.delete(trustDomain);
    if (endpoint === null || this.#stop.signal.aborted) return;
    const loop = new AbortController();
    this.#loops.set(trustDomain, loop);
    this.#run(this.#refreshForever(trustDomain, loop.signal));
  }

  #drop(trustDomain: string, revision: number): void {
    if (!this.#isNews(trustDomain, revision)) return;
    this.#relations.delete(trustDomain);
    this.#errors.delete(trustDomain);
    this.#loops.get(trustDomain)?.abort(new Error('removed'));
    this.#loops.delete(trustDomain);
  }

  #isNews(trustDomain: string, revision: number): boolean {
    if (revision <= (this.#seen.get(trustDomain) ?? 0)) return false;
    this.#seen.set(trustDomain, revision);
    return true;
  }

  #tell(): void {
    const foreign: ForeignBundle[] = [];
    for (const { trustDomain, bundle } of this.#relations.values())
      if (bundle !== null) foreign.push({ trustDomain, roots: rootsIn(trustDomain, bundle) });
    if (JSON.stringify(foreign) !== JSON.stringify(this.foreign.current())) this.foreign.set(foreign);
  }

  async #refreshForever(trustDomain: string, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      let waitMs: number;
      try {
        waitMs = await this.#refresh(trustDomain, signal);
        failures = 0;
        this.#errors.delete(trustDomain);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        waitMs = Math.min(RETRY_MS * 2 ** (failures - 1), REFRESH_MS);
        this.#errors.set(trustDomain, because(error));
        this.#warn('federation.failed', { trustDomain, because: because(error) });
      }
      // Not all replicas and all meshes at the same instant.
      await sleep(clock, waitMs * (0.9 + 0.1 * random.next()), signal).catch(() => {});
    }
  }

  /** @returns after how many milliseconds to look again */
  async #refresh(trustDomain: string, signal: AbortSignal): Promise<number> {
    const { clock, webRoots, store } = this.#options;
    const endpoint = this.#relations.get(trustDomain)?.endpoint;
    if (endpoint === null || endpoint === undefined) return LONGEST_MS;
    const roots = endpoint.profile === 'https_spiffe' ? this.#rootsFor(endpoint.spiffeId) : [];
    const text = await fetchBundle(endpoint, { clock, roots, webRoots, signal });
    rootsIn(trustDomain, text);
    const found = readSpiffeBundle(trustDomain, text);
    const key = FEDERATION_PREFIX + trustDomain;
    const entry = await store.get(key);
    const present = entry?.value as Relation | undefined;
    signal.throwIfAborted();
    if (entry !== undefined && present !== undefined && present.bundle !== text) {
      const before =
        present.bundle === null ? undefined : readSpiffeBundle(trustDomain, present.bundle).sequence;
      if (before !== undefined && found.sequence !== undefined && found.sequence < before)
        throw new Error(`its sequence ${found.sequence} is older than ${before}, which stays`);
      const value: Relation = { ...present, bundle: text, updatedAt: clock.wallNow() };
      // Whoever was quicker, or has removed it, has the last word.
      const { ok, revision } = await store.commit({
        compares: [{ key, modRevision: entry.modRevision }],
        operations: [{ type: 'put', key, value }],
      });
      if (ok) {
        this.#hold(value, revision);
        this.#tell();
        const fields = { trustDomain, roots: found.roots.length, sequence: String(found.sequence ?? '') };
        this.#options.log({ level: 'info', event: 'federation.updated', fields });
      }
    }
    const hintMs = found.refreshHintS === undefined ? REFRESH_MS : found.refreshHintS * 1_000;
    return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, hintMs));
  }

  #rootsFor(spiffeId: string): readonly string[] {
    const { trustDomain } = SpiffeId.parse(spiffeId);
    const ours = this.#options.bundle.current();
    if (trustDomain === ours.trustDomain) return ours.roots;
    const text = this.#relations.get(trustDomain)?.bundle ?? null;
    return text === null ? [] : rootsIn(trustDomain, text);
  }

  #run(work: Promise<void>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  #warn(event: string, fields: Readonly<Record<string, string>>): void {
    this.#options.log({ level: 'warn', event, fields });
  }
}
