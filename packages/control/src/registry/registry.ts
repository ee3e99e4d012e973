/**
 * Registry: which workloads there are. A registration lives in the store under a lease that is renewed while its stream is open, so
 * that neither a short loss of the stream nor a restart of this service takes endpoints away from anybody.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, ListenerRegistration, Timer, Workload } from 'heddle/ports';
import { WORKLOADS_PREFIX, workloadPrefix } from '../keys.js';
import { because, type Log } from '../log.js';
import type { Operation, Store } from '../store/store.js';
import type { WorkloadRecord } from './services.js';

export interface RegistryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a registration outlives its stream. */
  readonly leaseMs: number;
}

export class Registry {
  readonly #options: RegistryOptions;
  readonly #connected = new Map<string, Registration>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Registers a workload whose stream has opened. Its registration from before, if its stream is lost, is replaced. */
  async connect(
    workload: Workload,
    spiffeId: string | null,
    listeners: readonly ListenerRegistration[],
  ): Promise<Registration> {
    const record: WorkloadRecord = {
      id: randomBytes(8).toString('hex'),
      workload,
      spiffeId,
      listeners,
      registeredAt: this.#options.clock.wallNow(),
    };
    const { entries } = await this.#options.store.list(workloadPrefix(workload));
    const lost = entries.filter((entry) => !this.#connected.has((entry.value as WorkloadRecord).id));
    const registration = new Registration(this.#options, record, () => this.#connected.delete(record.id));
    this.#connected.set(record.id, registration);
    try {
      await registration.write(lost.map(({ key }) => ({ type: 'delete', key })));
    } catch (error) {
      this.#connected.delete(record.id);
      throw error;
    }
    return registration;
  }

  /** All registrations, those that wait for their workload to come back included. */
  async records(): Promise<WorkloadRecord[]> {
    const { entries } = await this.#options.store.list(WORKLOADS_PREFIX);
    return entries.map((entry) => entry.value as WorkloadRecord);
  }

  /** Stops renewing. What is registered stays until its leases run out: the next process serves it. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#options.leaseMs / 3, () => {
      for (const registration of this.#connected.values()) void registration.renew();
      this.#schedule();
    });
  }
}

/** One workload's registration, for as long as its stream is open. */
export class Registration {
  readonly #options: RegistryOptions;
  readonly #onEnd: () => void;
  #record: WorkloadRecord;
  #lease: string | undefined;
  #ended = false;
  /** Writes of one registration follow each other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RegistryOptions, record: WorkloadRecord, onEnd: () => void) {
    this.#options = options;
    this.#record = record;
    this.#onEnd = onEnd;
  }

  get id(): string {
    return this.#record.id;
  }

  /** The ports that the workload serves now. None: it takes no more calls, and its endpoints are gone at once. */
  async listen(listeners: readonly ListenerRegistration[]): Promise<void> {
    if (JSON.stringify(listeners) === JSON.stringify(this.#record.listeners)) return;
    this.#record = { ...this.#record, listeners };
    await this.write();
  }

  /** The stream is gone. Who serves something is waited for; who serves nothing (any more) is forgotten. */
  async disconnect(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    await this.#last.catch(() => {});
    if (this.#lease === undefined) return;
    if (this.#record.listeners.length > 0) await this.#options.store.keepAlive(this.#lease);
    else await this.#options.store.revoke(this.#lease);
  }

  /** Puts the record, and does `others` in the same commit. */
  write(others: readonly Operation[] = []): Promise<void> {
    const written = this.#last.catch(() => {}).then(() => this.#write(others));
    this.#last = written;
    return written;
  }

  async renew(): Promise<void> {
    try {
      if (this.#lease === undefined || (await this.#options.store.keepAlive(this.#lease)) || this.#ended)
        return;
      // This process slept for longer than the lease; the workload is here all the same.
      this.#lease = undefined;
      await this.write();
    } catch (error) {
      this.#options.log({ level: 'error', event: 'registry.failed', fields: { error: because(error) } });
    }
  }

  async #write(others: readonly Operation[]): Promise<void> {
    this.#lease ??= await this.#options.store.grant(this.#options.leaseMs);
    const key = workloadPrefix(this.#record.workload) + this.#record.id;
    await this.#options.store.commit({
      operations: [...others, { type: 'put', key, value: this.#record, lease: this.#lease }],
    });
  }
}
