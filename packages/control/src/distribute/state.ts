/** The mesh as the store has it: all resources and registrations, followed by watching, in snapshots that never change. */
import type { KnownWorkload, Resource } from 'heddle/policy';
import { type Clock, type Source, type Timer, Value } from 'heddle/ports';
import { HEAD_KEY, MESH_PREFIX, RESOURCES_PREFIX, WORKLOADS_PREFIX } from '../keys.js';
import { because, type Log } from '../log.js';
import { resourceOf } from '../publish/stored.js';
import { ServiceAccounts } from '../registry/service-accounts.js';
import { type Services, servicesOf, type WorkloadRecord } from '../registry/services.js';
import { CompactedError, type Entry, type Store } from '../store/store.js';

export interface MeshState extends Services {
  /** Of the last change of resources. */
  readonly revision: number;
  readonly resources: readonly Resource[];
  /** Who may serve what. */
  readonly accounts: ServiceAccounts;
  /** All that are registered, those with listeners and those without. */
  readonly workloads: readonly KnownWorkload[];
}

/** Changes that come this close together are told together. */
const SETTLE_MS = 5;
/** The longest pause between two rounds, however much work a round is: a change is told well within a second. */
const MAX_SETTLE_MS = 250;

const EMPTY: MeshState = {
  revision: 0,
  resources: [],
  accounts: new ServiceAccounts([]),
  workloads: [],
  services: [],
  endpoints: [],
};

export class MeshStates {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #state = new Value<MeshState>(EMPTY);
  readonly #stop = new AbortController();
  #entries = new Map<string, Entry>();
  #resourcesChanged = true;
  #servicesChanged = true;
  #timer: Timer | undefined;
  #roundMs = 0;
  #following: Promise<void> | undefined;

  constructor(store: Store, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  get state(): Source<MeshState> {
    return this.#state;
  }

  /** Reads everything, then follows. */
  async start(): Promise<void> {
    const revision = await this.#readAll();
    this.#publish();
    this.#following = this.#follow(revision);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#timer?.cancel();
    await this.#following;
  }

  async #readAll(): Promise<number> {
    const { revision, entries } = await this.#store.list(MESH_PREFIX);
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    this.#resourcesChanged = true;
    this.#servicesChanged = true;
    return revision;
  }

  async #follow(from: number): Promise<void> {
    let revision = from;
    while (!this.#stop.signal.aborted) {
      try {
        const watch = this.#store.watch(MESH_PREFIX, {
          fromRevision: revision + 1,
          signal: this.#stop.signal,
        });
        for await (const batch of watch) {
          revision = batch.revision;
          for (const event of batch.events) {
            if (event.type === 'put') this.#touch(event.entry.key, event.entry);
            else this.#touch(event.key, undefined);
          }
        }
        return;
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
        this.#log({ level: 'warn', event: 'store.compacted', fields: { error: because(error) } });
        revision = await this.#readAll();
        this.#schedule();
      }
    }
  }

  #touch(key: string, entry: Entry | undefined): void {
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
    if (key.startsWith(WORKLOADS_PREFIX)) this.#servicesChanged = true;
    else this.#resourcesChanged = true;
    this.#schedule();
  }

  #schedule(): void {
    const delayMs = Math.min(Math.max(SETTLE_MS, 2 * this.#roundMs), MAX_SETTLE_MS);
    this.#timer ??= this.#clock.after(delayMs, () => {
      this.#timer = undefined;
      const began = this.#clock.now();
      this.#publish();
      this.#roundMs = this.#clock.now() - began;
    });
  }

  #publish(): void {
    const last = this.#state.current();
    const resources = this.#resourcesChanged ? this.#under(RESOURCES_PREFIX).map(resourceOf) : last.resources;
    const accounts = this.#resourcesChanged ? new ServiceAccounts(resources) : last.accounts;
    const changed = this.#servicesChanged || this.#resourcesChanged;
    const { workloads, services, endpoints } = changed ? this.#registered(accounts) : last;
    this.#servicesChanged = false;
    this.#resourcesChanged = false;
    const revision = this.#entries.get(HEAD_KEY)?.modRevision ?? 0;
    try {
      this.#state.set({ revision, resources, accounts, workloads, services, endpoints });
    } catch (error) {
      this.#log({ level: 'error', event: 'distribute.failed', fields: { error: because(error) } });
    }
  }

  #registered(accounts: ServiceAccounts): Services & Pick<MeshState, 'workloads'> {
    const records = this.#under(WORKLOADS_PREFIX).map((entry) => entry.value as WorkloadRecord);
    return { ...servicesOf(records, accounts), workloads: records.map(({ workload }) => workload) };
  }

  #under(prefix: string): Entry[] {
    const found = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix));
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
