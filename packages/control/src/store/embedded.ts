/**
 * The store in one directory, on LMDB. A commit is answered when LMDB has synced it to the disk, so that neither SIGKILL nor a power
 * cut loses what was acknowledged. One process at a time.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from 'heddle/ports';
import { systemClock } from 'heddle/ports';
import { type Database, open, type RootDatabase } from 'lmdb';
import { rewind } from './history.js';
import { Leases } from './leases.js';
import { LeftOver } from './left-over.js';
import {
  type CommitResult,
  CompactedError,
  type Entry,
  type EventBatch,
  LeaseError,
  type Listing,
  type Operation,
  type Store,
  type StoreEvent,
  type Transaction,
  type WatchOptions,
} from './store.js';
import { Watcher } from './watchers.js';

export interface EmbeddedStoreOptions {
  /** Made, with its parents, if it is not there; closed to other users. */
  readonly directory: string;
  /** How many revisions of history to keep for `watch` and `atRevision`. @default 5000 */
  readonly historyRevisions?: number;
  readonly clock?: Clock;
}

/** @throws what the file system says if `directory` cannot be made or written */
export function openEmbeddedStore(options: EmbeddedStoreOptions): Store {
  return new EmbeddedStore(options);
}

type LogKey = [revision: number, index: number];
/** Its length; and what is left of it, once it has outlived a restart. Milliseconds. */
type StoredLease = number | { readonly ttlMs: number; readonly leftMs: number };

class EmbeddedStore implements Store {
  readonly #root: RootDatabase;
  readonly #entries: Database<Entry, string>;
  readonly #log: Database<StoreEvent, LogKey>;
  readonly #meta: Database<number, string>;
  readonly #storedLeases: Database<StoredLease, string>;
  readonly #leases: Leases;
  readonly #leftOver: LeftOver;
  readonly #watchers = new Set<Watcher>();
  readonly #historyRevisions: number;
  /** Written, not yet known to be durable; in the order of their revisions. */
  readonly #unpublished: EventBatch[] = [];
  #closed: Promise<void> | undefined;

  constructor(options: EmbeddedStoreOptions) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    chmodSync(options.directory, 0o700);
    this.#historyRevisions = options.historyRevisions ?? 5_000;
    // Without overlapping syncs a commit is answered only when it is on the disk.
    this.#root = open({ path: options.directory, encoding: 'json', overlappingSync: false, maxDbs: 8 });
    for (const file of ['data.mdb', 'lock.mdb']) chmodSync(join(options.directory, file), 0o600);
    this.#entries = this.#root.openDB('entries', { encoding: 'json' });
    this.#log = this.#root.openDB('log', { encoding: 'json' });
    this.#meta = this.#root.openDB('meta', { encoding: 'json' });
    this.#storedLeases = this.#root.openDB('leases', { encoding: 'json' });
    const clock = options.clock ?? systemClock;
    this.#leases = new Leases(clock, (id) => void this.#endLease(id, true).catch(() => {}));
    this.#leftOver = new LeftOver(clock, (ids) => this.#writeDown(ids));
    for (const { key, value } of this.#storedLeases.getRange()) {
      const { ttlMs, leftMs } = typeof value === 'number' ? { ttlMs: value, leftMs: value } : value;
      this.#leases.add(key, ttlMs, leftMs);
      this.#leftOver.add(key);
    }
    for (const { value } of this.#entries.getRange()) {
      if (value.lease !== undefined) this.#leases.attach(value.lease, value.key);
    }
  }

  async revision(): Promise<number> {
    return this.#number('revision');
  }

  async get(key: string): Promise<Entry | undefined> {
    return this.#entries.get(key);
  }

  async list(prefix: string, options: { readonly atRevision?: number } = {}): Promise<Listing> {
    const transaction = this.#root.useReadTransaction();
    try {
      const current = this.#meta.get('revision', { transaction }) ?? 0;
      const entries: Entry[] = [];
      for (const { key, value } of this.#entries.getRange({ start: prefix, transaction })) {
        if (!key.startsWith(prefix)) break;
        entries.push(value);
      }
      const revision = Math.min(options.atRevision ?? current, current);
      if (revision === current) return { revision, entries };
      const compacted = this.#meta.get('compacted', { transaction }) ?? 0;
      if (revision < compacted) throw new CompactedError(revision, compacted);
      const later = this.#log.getRange({ start: [revision + 1, 0], transaction });
      return {
        revision,
        entries: rewind(
          prefix,
          entries,
          [...later].map((item) => item.value),
        ),
      };
    } finally {
      transaction.done();
    }
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    let missingLease: string | undefined;
    const result = await this.#transact(() => {
      for (const operation of transaction.operations) {
        const lease = operation.type === 'put' ? operation.lease : undefined;
        if (lease !== undefined && !this.#leases.has(lease)) missingLease = lease;
      }
      if (missingLease !== undefined) return { ok: false, revision: 0 };
      for (const { key, modRevision } of transaction.compares ?? []) {
        if ((this.#entries.get(key)?.modRevision ?? 0) !== modRevision) {
          return { ok: false, revision: this.#number('revision') };
        }
      }
      return { ok: true, revision: this.#write(transaction.operations) };
    });
    if (missingLease !== undefined) throw new LeaseError(missingLease);
    this.#publish(result.revision);
    return result;
  }

  watch(prefix: string, options: WatchOptions = {}): AsyncIterable<EventBatch> {
    const current = this.#number('revision');
    const from = options.fromRevision ?? current + 1;
    const watcher = new Watcher(prefix, from - 1, (ended) => this.#watchers.delete(ended));
    const compacted = this.#number('compacted');
    if (this.#closed !== undefined || options.signal?.aborted === true) watcher.end();
    else if (from <= compacted) watcher.end(new CompactedError(from, compacted));
    else {
      for (const batch of this.#history(from)) watcher.offer(batch);
      this.#watchers.add(watcher);
      options.signal?.addEventListener('abort', () => watcher.end(), { once: true });
    }
    return watcher;
  }

  async grant(ttlMs: number): Promise<string> {
    const id = randomBytes(8).toString('hex');
    await this.#root.transaction(() => void this.#storedLeases.put(id, ttlMs));
    this.#leases.add(id, ttlMs);
    return id;
  }

  async keepAlive(lease: string): Promise<boolean> {
    if (!this.#leases.keepAlive(lease)) return false;
    if (this.#leftOver.remove(lease)) {
      const { ttlMs } = this.#leases.timesOf(lease)!;
      await this.#root.transaction(() => void this.#storedLeases.put(lease, ttlMs));
    }
    return true;
  }

  async revoke(lease: string): Promise<void> {
    if (this.#leases.has(lease)) await this.#endLease(lease, false);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#leases.close();
    this.#leftOver.close();
    for (const watcher of [...this.#watchers]) watcher.end();
    await this.#root.committed;
    await this.#root.close();
  }

  #number(name: 'revision' | 'compacted'): number {
    return this.#meta.get(name) ?? 0;
  }

  /** A commit that fails (the disk is full, say) must not be told to watchers by the next one. */
  async #transact<T>(action: () => T): Promise<T> {
    try {
      return await this.#root.transaction(action);
    } catch (error) {
      const durable = this.#number('revision');
      while ((this.#unpublished.at(-1)?.revision ?? 0) > durable) this.#unpublished.pop();
      throw error;
    }
  }

  /** Inside a transaction: does all operations at the next revision. Nothing to do makes no revision. */
  #write(operations: readonly Operation[]): number {
    const revision = this.#number('revision') + 1;
    const events: StoreEvent[] = [];
    for (const operation of operations) {
      const previous = this.#entries.get(operation.key);
      const event = operation.type === 'put' ? put(operation, previous, revision) : remove(previous);
      if (event === undefined) continue;
      if (previous?.lease !== undefined) this.#leases.detach(previous.lease, previous.key);
      if (event.type === 'put') {
        this.#entries.put(event.entry.key, event.entry);
        if (event.entry.lease !== undefined) this.#leases.attach(event.entry.lease, event.entry.key);
      } else this.#entries.remove(event.key);
      this.#log.put([revision, events.length], event);
      events.push(event);
    }
    if (events.length === 0) return revision - 1;
    this.#meta.put('revision', revision);
    this.#compact(revision - this.#historyRevisions);
    this.#unpublished.push({ revision, events });
    return revision;
  }

  #compact(upTo: number): void {
    // In strides, so that not every commit has to.
    if (upTo < this.#number('compacted') + Math.ceil(this.#historyRevisions / 10)) return;
    for (const key of [...this.#log.getKeys({ end: [upTo + 1, 0] })]) this.#log.remove(key);
    this.#meta.put('compacted', upTo);
  }

  /** What was committed up to `revision` is durable now: tell. */
  #publish(revision: number): void {
    while (this.#unpublished.length > 0 && this.#unpublished[0]!.revision <= revision) {
      const batch = this.#unpublished.shift()!;
      for (const watcher of [...this.#watchers]) watcher.offer(batch);
    }
  }

  #history(from: number): EventBatch[] {
    const batches: { revision: number; events: StoreEvent[] }[] = [];
    for (const { key, value } of this.#log.getRange({ start: [from, 0] })) {
      const last = batches.at(-1);
      if (last?.revision === key[0]) last.events.push(value);
      else batches.push({ revision: key[0], events: [value] });
    }
    return batches;
  }

  /** What is not written down is only given once more. */
  #writeDown(leases: readonly string[]): void {
    const times = leases.map((id) => [id, this.#leases.timesOf(id)] as const);
    const written = this.#root.transaction(() => {
      for (const [id, left] of times)
        if (left !== undefined && this.#leftOver.has(id)) this.#storedLeases.put(id, left);
    });
    written.catch(() => {});
  }

  async #endLease(id: string, onlyIfExpired: boolean): Promise<void> {
    const revision = await this.#transact(() => {
      // Somebody may have renewed it while this waited for its turn.
      if (onlyIfExpired && !this.#leases.isExpired(id)) return 0;
      const operations = this.#leases.keys(id).map((key): Operation => ({ type: 'delete', key }));
      this.#storedLeases.remove(id);
      this.#leases.remove(id);
      this.#leftOver.remove(id);
      return this.#write(operations);
    });
    this.#publish(revision);
  }
}

function put(
  operation: Extract<Operation, { type: 'put' }>,
  previous: Entry | undefined,
  revision: number,
): StoreEvent {
  const entry: Entry = {
    key: operation.key,
    value: operation.value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
    ...(operation.lease === undefined ? {} : { lease: operation.lease }),
  };
  return previous === undefined ? { type: 'put', entry } : { type: 'put', entry, previous };
}

function remove(previous: Entry | undefined): StoreEvent | undefined {
  return previous === undefined ? undefined : { type: 'delete', key: previous.key, previous };
}
