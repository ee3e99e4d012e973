/** The mesh as the store has it: all resources and registrations, followed by watching, in snapshots that never change. */
import { isDeepStrictEqual } from 'node:util';
import type { KnownWorkload, Resource, ResourceChange } from 'heddle/policy';
import { type Clock, type Source, type Timer, Value } from 'heddle/ports';
import { HEAD_KEY, MESH_PREFIX, RESOURCES_PREFIX, WORKLOADS_PREFIX } from '../keys.js';
import { because, type Log } from '../log.js';
import { ServiceAccounts } from '../registry/service-accounts.js';
import { type Services, servicesOf, type WorkloadRecord } from '../registry/services.js';
import { CompactedError, type Entry, type Store } from '../store/store.js';
import { ResourceList } from './resource-list.js';

export interface MeshState extends Services {
  /** Of the last change of resources. */
  readonly revision: number;
  readonly resources: readonly Resource[];
  /** Who may serve what. */
  readonly accounts: ServiceAccounts;
  /** All that are registered, those with listeners and those without. */
  readonly workloads: readonly KnownWorkload[];
  /** How many there were before. */
  readonly serial?: number;
  /** Resources that are different from the state of the serial number before. Absent: that is not known. */
  readonly change?: ResourceChange;
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
  readonly #resources = new ResourceList();
  /** Keys under which resources may have changed. */
  readonly #touched = new Set<string>();
  #servicesChanged = true;
  #serial = 0;
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
    for (const key of this.#entries.keys()) this.#touched.add(key);
    this.#entries = new Map(entries.map((entry) => [entry.key, entry]));
    for (const key of this.#entries.keys()) this.#touched.add(key);
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
    else this.#touched.add(key);
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
    const change = this.#changedResources();
    const accounts =
      change !== undefined && namesAccounts(change)
        ? new ServiceAccounts(this.#resources.list)
        : last.accounts;
    const changed = this.#servicesChanged || accounts !== last.accounts;
    const { workloads, services, endpoints } = changed ? this.#registered(accounts, last) : last;
    this.#servicesChanged = false;
    this.#serial += 1;
    const revision = this.#entries.get(HEAD_KEY)?.modRevision ?? 0;
    try {
      this.#state.set({
        ...{ revision, resources: this.#resources.list, accounts, workloads, services, endpoints },
        serial: this.#serial,
        change: change ?? {},
      });
    } catch (error) {
      this.#log({ level: 'error', event: 'distribute.failed', fields: { error: because(error) } });
    }
  }

  #changedResources(): ResourceChange | undefined {
    const now = new Map<string, Entry | undefined>();
    for (const key of this.#touched)
      if (key.startsWith(RESOURCES_PREFIX)) now.set(key, this.#entries.get(key));
    this.#touched.clear();
    return this.#resources.apply(now);
  }

  /** What says the same as before stays the same object, so that nobody need look into it again. */
  #registered(accounts: ServiceAccounts, last: MeshState): Services & Pick<MeshState, 'workloads'> {
    const records = this.#under(WORKLOADS_PREFIX).map((entry) => entry.value as WorkloadRecord);
    const { services, endpoints } = servicesOf(records, accounts);
    return {
      services: kept(last.services, services),
      endpoints: kept(last.endpoints, endpoints),
      workloads: records.map(({ workload }) => workload),
    };
  }

  #under(prefix: string): Entry[] {
    const found = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix));
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Only Services say who may serve what. */
function namesAccounts({ upsert = [], remove = [] }: ResourceChange): boolean {
  return [...upsert, ...remove].some(({ kind }) => kind === 'Service');
}

function kept<T extends { readonly host: string }>(before: readonly T[], now: readonly T[]): readonly T[] {
  const known = new Map(before.map((one) => [one.host, one]));
  const same = now.map((one) => {
    const present = known.get(one.host);
    return present !== undefined && isDeepStrictEqual(present, one) ? present : one;
  });
  return same.length === before.length && same.every((one, index) => one === before[index]) ? before : same;
}
