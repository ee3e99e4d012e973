/**
 * The record of all that was issued, until a day after its end. A certificate is handed out when its record is durable; records that
 * come while the disk is busy go there together. A serial number begins with the hour in which its record may go, so that records are
 * found and dropped without an index: 3 bytes of hours, 16 of chance.
 */
import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from 'heddle/ports';
import { ISSUED_PREFIX, SWEPT_KEY } from '../keys.js';
import { because, type Log } from '../log.js';
import type { Operation, Store } from '../store/store.js';

/** Times in milliseconds since the epoch. */
export interface IssuedRecord {
  /** Lower-case hex. */
  readonly serial: string;
  readonly spiffeId: string;
  /** `token:<id>`, `svid:<serial>`, …: what it was issued for. */
  readonly by: string;
  /** What the first one of its line was issued for. */
  readonly origin: string;
  /** Whoever asked for it; empty: nobody knows. */
  readonly address: string;
  /** Fingerprint of the root above it. */
  readonly root: string;
  readonly issuedAt: number;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface IssuedQuery {
  readonly spiffeId?: string | undefined;
  readonly serial?: string | undefined;
  /** The first proof of its line. */
  readonly origin?: string | undefined;
  readonly limit: number;
}

const HOUR_MS = 3_600_000;
const KEPT_MS = 24 * HOUR_MS;
/** First byte of a serial number: positive, and never a zero that a program may leave out. */
const MARK = 0x48;
const SWEEP_MS = 10 * 60_000;
const SWEEP_AT_ONCE = 500;
/** The longest that an SVID may live, and then some. */
const LONGEST_MS = 91 * 24 * HOUR_MS;
/** Records of one commit. */
const MAX_BATCH = 256;

interface Waiting {
  readonly record: IssuedRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class IssuedLog {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #closed = false;

  constructor({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#schedule();
  }

  /** A number that nobody had before, for a certificate that ends at `notAfter`. 20 bytes. */
  serial(notAfter: number): Buffer {
    const hour = hourOf(notAfter);
    return Buffer.concat([
      Uint8Array.of(MARK, (hour >> 16) & 0xff, (hour >> 8) & 0xff, hour & 0xff),
      randomBytes(16),
    ]);
  }

  /** Resolves when it is durable. */
  append(record: IssuedRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#writing ??= this.#drain().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async find(serial: string): Promise<IssuedRecord | undefined> {
    return (await this.#store.get(keyOf(serial)))?.value as IssuedRecord | undefined;
  }

  /** Those that live longest first. */
  async list({ spiffeId, serial, origin, limit }: IssuedQuery): Promise<IssuedRecord[]> {
    if (serial !== undefined) {
      const found = await this.find(serial);
      return found === undefined ? [] : [found];
    }
    const matches = (record: IssuedRecord) =>
      (spiffeId === undefined || record.spiffeId === spiffeId) &&
      (origin === undefined || record.origin === origin);
    const found: IssuedRecord[] = [];
    for await (const records of this.#hours(this.#clock.wallNow())) {
      found.push(...records.filter(matches));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** When the last certificate below `root` ends; 0: there is none alive. */
  async lastEnd(root: string): Promise<number> {
    const now = this.#clock.wallNow();
    for await (const records of this.#hours(now + KEPT_MS)) {
      const ends = records.filter((record) => record.root === root && record.notAfter > now);
      if (ends.length > 0) return ends.reduce((latest, { notAfter }) => Math.max(latest, notAfter), 0);
    }
    return 0;
  }

  /** Drops what ended more than a day ago. */
  sweep(): Promise<void> {
    const swept = this.#sweeping.then(() => this.#sweep());
    this.#sweeping = swept.catch(() => {});
    return swept;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#writing;
    await this.#sweeping;
  }

  /** The records of each hour, the latest hour first, those alive at `from` and later. */
  async *#hours(from: number): AsyncGenerator<readonly IssuedRecord[]> {
    const last = hourOf(this.#clock.wallNow() + LONGEST_MS);
    const first = Math.floor(from / HOUR_MS);
    for (let hour = last; hour >= first; hour -= 1) {
      const { entries } = await this.#store.list(prefixOf(hour));
      if (entries.length === 0) continue;
      const records = entries.map(({ value }) => value as IssuedRecord);
      yield records.sort((a, b) => b.notAfter - a.notAfter || b.issuedAt - a.issuedAt);
    }
  }

  async #drain(): Promise<void> {
    // A turn later: all that were signed in this one go together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      this.#waiting = this.#waiting.slice(MAX_BATCH);
      const operations = batch.map(
        ({ record }): Operation => ({ type: 'put', key: keyOf(record.serial), value: record }),
      );
      try {
        await this.#store.commit({ operations });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.after(SWEEP_MS, () => {
      this.sweep()
        .catch((error: unknown) =>
          this.#log({ level: 'error', event: 'issued.failed', fields: { error: because(error) } }),
        )
        .finally(() => this.#schedule());
    });
  }

  async #sweep(): Promise<void> {
    const now = Math.floor(this.#clock.wallNow() / HOUR_MS);
    const marked = (await this.#store.get(SWEPT_KEY))?.value;
    const from = typeof marked === 'number' ? marked : now - 1;
    for (let hour = from; hour < now && !this.#closed; hour += 1) {
      const { entries } = await this.#store.list(prefixOf(hour));
      for (let at = 0; at < entries.length; at += SWEEP_AT_ONCE) {
        const operations = entries
          .slice(at, at + SWEEP_AT_ONCE)
          .map(({ key }): Operation => ({ type: 'delete', key }));
        await this.#store.commit({ operations });
      }
    }
    if (marked !== now)
      await this.#store.commit({ operations: [{ type: 'put', key: SWEPT_KEY, value: now }] });
  }
}

/** In which the record of a certificate that ends then may go. */
function hourOf(notAfter: number): number {
  return Math.ceil((notAfter + KEPT_MS) / HOUR_MS);
}

function prefixOf(hour: number): string {
  return `${ISSUED_PREFIX}${hour.toString(16).padStart(6, '0')}/`;
}

function keyOf(serial: string): string {
  return `${ISSUED_PREFIX}${serial.slice(2, 8)}/${serial}`;
}
