/**
 * Store: what the config service remembers. Ordered string keys with JSON values, one revision for the whole store that grows by
 * one with every commit that changes something, compare-and-put, watch from a revision, leases. It asks for nothing that etcd does
 * not have, so that etcd fits behind it as it is; `contract.ts` holds every implementation to the same behaviour.
 * @source etcd `api/etcdserverpb/rpc.proto` (KV, Watch, Lease)
 */

export interface Entry {
  readonly key: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** Revision of the commit that made the key. */
  readonly createRevision: number;
  /** Revision of the commit that last wrote it. */
  readonly modRevision: number;
  /** Writes since it was made, the first one included. */
  readonly version: number;
  /** The lease that it lives by; absent: for good. */
  readonly lease?: string;
}

export interface Listing {
  /** The state that the entries are taken from. */
  readonly revision: number;
  /** In the order of their keys (by UTF-8 bytes). */
  readonly entries: readonly Entry[];
}

/** Holds if the key was last written at `modRevision`; 0: if there is no such key. */
export interface Compare {
  readonly key: string;
  readonly modRevision: number;
}

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown; readonly lease?: string }
  | { readonly type: 'delete'; readonly key: string };

export interface Transaction {
  /** All must hold, or nothing is written. @default [] */
  readonly compares?: readonly Compare[];
  /** Done together, at one revision; a key may occur once. */
  readonly operations: readonly Operation[];
}

export interface CommitResult {
  /** Whether all compares held. */
  readonly ok: boolean;
  /** Of the store after the commit. */
  readonly revision: number;
}

export type StoreEvent =
  | { readonly type: 'put'; readonly entry: Entry; readonly previous?: Entry }
  | { readonly type: 'delete'; readonly key: string; readonly previous: Entry };

/** All that one commit changed under the watched prefix. */
export interface EventBatch {
  readonly revision: number;
  readonly events: readonly StoreEvent[];
}

export interface WatchOptions {
  /** First revision to report; the past is replayed. @default the next commit */
  readonly fromRevision?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

export interface Store {
  /** Revision of the last commit; 0 for an empty store. */
  revision(): Promise<number>;
  get(key: string): Promise<Entry | undefined>;
  /**
   * All keys that start with `prefix`.
   * @param options.atRevision as they were then @default now
   * @throws CompactedError if that history is gone
   */
  list(prefix: string, options?: { readonly atRevision?: number }): Promise<Listing>;
  /**
   * Resolves when the write is durable: it survives the death of the process.
   * @throws LeaseError if an operation names a lease that is not there
   */
  commit(transaction: Transaction): Promise<CommitResult>;
  /**
   * Batches in order, none left out, until the signal aborts or the store closes. Listening starts with this call, not with the
   * first `next()`.
   * @throws CompactedError from `next()` if `fromRevision` is no longer remembered
   */
  watch(prefix: string, options?: WatchOptions): AsyncIterable<EventBatch>;
  /** A lease of `ttlMs`; when it runs out, the keys that were put with it are deleted. After a restart its holder has its full time once more. */
  grant(ttlMs: number): Promise<string>;
  /** Starts the lease's time again. false: there is no such lease any more. */
  keepAlive(lease: string): Promise<boolean>;
  /** Ends the lease now. Unknown leases are none of our business. */
  revoke(lease: string): Promise<void>;
  close(): Promise<void>;
}

/** The history from that revision on is no longer kept: list again, and watch from there. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';
  constructor(
    readonly asked: number,
    /** The newest revision that is gone. */
    readonly compacted: number,
  ) {
    super(
      `revision ${asked} is no longer kept, history begins after ${compacted}; list the keys and watch from there`,
    );
  }
}

/** An operation named a lease that has run out or never was. */
export class LeaseError extends Error {
  override readonly name = 'LeaseError';
  constructor(readonly lease: string) {
    super(`there is no lease ${lease}; grant a new one`);
  }
}
