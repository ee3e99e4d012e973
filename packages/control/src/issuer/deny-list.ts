/**
 * Who is trusted no more, though its certificate has not ended. Serial numbers, SPIFFE IDs and keys reach every workload with the trust
 * bundle; what was first issued for a revoked proof is refused here, when it asks for the next certificate. Entries go when there
 * is nothing left that they could stop.
 */
import { createHash } from 'node:crypto';
import { type Clock, type DenyList, MeshError, type Source, SpiffeId, Value } from 'heddle/ports';
import { MAX_DENIED } from 'heddle/security';
import { DENIED_PREFIX } from '../keys.js';
import type { Operation, Store } from '../store/store.js';

/** `serial`: a certificate · `id`: a SPIFFE ID · `key`: a key identifier, of a workload or an authority · `origin`: a proof (`token:<id>`) */
export type DeniedKind = 'serial' | 'id' | 'key' | 'origin';

export interface DeniedEntry {
  readonly kind: DeniedKind;
  readonly value: string;
  /** For people. */
  readonly because: string;
  readonly author: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** When it goes; null: when somebody allows it again. */
  readonly until: number | null;
}

export type NewDenial = Omit<DeniedEntry, 'since'>;

const MAX_REASON = 200;

export class Denials {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #list = new Value<DenyList | undefined>(undefined);
  #entries = new Map<string, DeniedEntry>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** What workloads are to know; undefined: nobody is denied. */
  get list(): Source<DenyList | undefined> {
    return this.#list;
  }

  get entries(): readonly DeniedEntry[] {
    return [...this.#entries.values()].sort((a, b) => b.since - a.since);
  }

  /** Reads what was denied before. */
  async start(): Promise<void> {
    const { entries } = await this.#store.list(DENIED_PREFIX);
    this.#entries = new Map(entries.map(({ key, value }) => [key, value as DeniedEntry]));
    await this.forgetEnded();
    this.#publish();
  }

  /**
   * In force when it resolves: workloads hear of it at once.
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if a value is not one of its kind, or there are too many
   */
  async deny(denials: readonly NewDenial[]): Promise<void> {
    const added = new Map<string, DeniedEntry>();
    for (const denial of denials) {
      const value = normalValue(denial);
      const entry = {
        ...denial,
        value,
        because: denial.because.slice(0, MAX_REASON),
        since: this.#clock.wallNow(),
      };
      added.set(keyOf(entry), entry);
    }
    const count = new Set([...this.#entries.keys(), ...added.keys()]).size;
    if (count > MAX_DENIED)
      throw invalid(
        `the deny list has at most ${MAX_DENIED} entries; deny a SPIFFE ID instead of its certificates`,
      );
    const operations = [...added].map(([key, value]): Operation => ({ type: 'put', key, value }));
    if (operations.length === 0) return;
    await this.#store.commit({ operations });
    for (const [key, entry] of added) this.#entries.set(key, entry);
    this.#publish();
  }

  /** false: it was not denied. */
  async allow(kind: DeniedKind, value: string): Promise<boolean> {
    const key = keyOf({ kind, value: normalValue({ kind, value }) });
    if (!this.#entries.has(key)) return false;
    await this.#remove([key]);
    return true;
  }

  /** Is what was first issued for this proof refused? */
  hasOrigin(origin: string): boolean {
    return this.#entries.has(keyOf({ kind: 'origin', value: origin }));
  }

  async forgetEnded(): Promise<void> {
    const now = this.#clock.wallNow();
    const ended = [...this.#entries].filter(([, { until }]) => until !== null && until <= now);
    if (ended.length > 0) await this.#remove(ended.map(([key]) => key));
  }

  async #remove(keys: readonly string[]): Promise<void> {
    await this.#store.commit({ operations: keys.map((key) => ({ type: 'delete', key }) as const) });
    for (const key of keys) this.#entries.delete(key);
    this.#publish();
  }

  #publish(): void {
    const of = (kind: DeniedKind) =>
      [...this.#entries.values()]
        .filter((entry) => entry.kind === kind)
        .map(({ value }) => value)
        .sort();
    const list: DenyList = { serials: of('serial'), ids: of('id'), keys: of('key') };
    const size = list.serials.length + list.ids.length + list.keys.length;
    this.#list.set(size === 0 ? undefined : list);
  }
}

/** A value may be longer than keys of the store, and hold any characters. */
function keyOf({ kind, value }: Pick<DeniedEntry, 'kind' | 'value'>): string {
  return `${DENIED_PREFIX}${kind}/${createHash('sha256').update(value).digest('hex').slice(0, 32)}`;
}

function normalValue({ kind, value }: Pick<DeniedEntry, 'kind' | 'value'>): string {
  const hex = value.toLowerCase().replace(/[:\s]/g, '');
  switch (kind) {
    case 'serial':
      if (!/^([0-9a-f]{2}){1,20}$/.test(hex)) throw invalid('a serial number is 1 to 20 bytes in hex');
      return hex.replace(/^(00)+(?=.)/, '');
    case 'key':
      if (!/^([0-9a-f]{2}){8,64}$/.test(hex)) throw invalid('a key identifier is 8 to 64 bytes in hex');
      return hex;
    case 'id':
      return SpiffeId.parse(value).toString();
    case 'origin':
      if (!/^[a-z0-9-]{1,32}:\S{1,512}$/.test(value)) throw invalid('a proof reads kind:name');
      return value;
  }
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
