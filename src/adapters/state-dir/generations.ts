/** One thing that is kept over restarts: the newest state of it, and the one before in case that one was damaged. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { Workload } from '../../model/workload.js';
import type { StateFolder } from './folder.js';
import { readPrivate, writePrivate } from './private-file.js';
import { type SealedFacts, sealOf, unseal } from './seal.js';

/** A file that is larger was not written by us. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const KEPT = 2;
/** Between two writes. */
const PAUSE_MS = 1_000;
/** What a killed process has left half written. */
const LEFTOVER_MS = 60_000;

export interface GenerationsOptions {
  readonly folder: StateFolder;
  readonly kind: 'policy' | 'identity';
  readonly workload: Workload;
  readonly clock: Clock;
  /** Takes a line about files that are not used, and saves that failed. Must not throw. */
  readonly log: (line: string) => void;
}

/** What is to be saved. */
export interface Kept {
  /** Empty without an identity. */
  readonly trustDomain: string;
  /** Asked for when it is written: what came after it may take its place. */
  readonly body: () => string;
}

export class Generations {
  readonly #options: GenerationsOptions;
  readonly #subject: string;
  readonly #name: string;
  /** Ends the pause after a write. */
  readonly #hurry = new AbortController();
  #next: Kept | null = null;
  #writing: Promise<void> | null = null;
  #newest = 0;

  constructor(options: GenerationsOptions) {
    const { namespace, serviceAccount, service } = options.workload;
    this.#options = options;
    this.#subject = JSON.stringify([namespace, serviceAccount, service]);
    this.#name = [namespace, serviceAccount, service || 'client', options.kind]
      .map((part) => part.replace(/[^a-z0-9-]/gi, '_'))
      .join('.');
  }

  /**
   * What `read` makes of the newest generation that is sound, or null if nothing was saved. Each one that is not is told of.
   * @param read throws for what must not be used
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` or `HEDDLE_INVALID_POLICY`, by kind, if there are some and none can be used; it
   * says why not the newest
   */
  async load<T>(read: (body: string, facts: SealedFacts) => T): Promise<T | null> {
    const { folder, kind, log } = this.#options;
    let newest: unknown;
    for (const generation of (await this.#generations()).reverse()) {
      const path = this.#pathOf(generation);
      try {
        const file = readPrivate(path, MAX_FILE_BYTES);
        if (file === null) continue;
        const { facts, body } = unseal(file, folder.sealKey);
        if (facts.kind !== kind || facts.generation !== generation) throw new Error('it was renamed');
        if (facts.subject !== this.#subject) throw new Error(`it is the ${kind} of another workload`);
        return read(body.toString('utf8'), facts);
      } catch (error) {
        const because = error instanceof Error ? error.message : String(error);
        newest ??= error;
        log(`the saved ${kind} ${path} is not used: ${because}`);
      }
    }
    if (newest === undefined) return null;
    const because = newest instanceof Error ? newest.message : String(newest);
    throw new MeshError(`no saved ${kind} in ${folder.path} can be used: ${because}`, {
      code: kind === 'policy' ? 'HEDDLE_INVALID_POLICY' : 'HEDDLE_IDENTITY_UNAVAILABLE',
      cause: newest,
    });
  }

  /** Saves a new generation, now or a moment after the last save; something newer may take its place. */
  save(kept: Kept): void {
    this.#next = kept;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when what was saved is on disk. From then on saves do not wait for each other. */
  async close(): Promise<void> {
    this.#hurry.abort();
    await this.#writing;
  }

  async #drain(): Promise<void> {
    const { kind, clock, log } = this.#options;
    for (let kept = this.#next; kept !== null; kept = this.#next) {
      this.#next = null;
      await this.#write(kept).catch((error: Error) =>
        log(`the ${kind} could not be saved for a later start: ${error.message}`),
      );
      // Endpoints may change many times a second; the disk need not hear of each.
      await sleep(clock, PAUSE_MS, this.#hurry.signal).catch(() => {});
    }
  }

  async #write({ trustDomain, body }: Kept): Promise<void> {
    const { folder, kind, clock } = this.#options;
    const present = await this.#generations();
    this.#newest = Math.max(this.#newest, present.at(-1) ?? 0) + 1;
    const facts = {
      kind,
      subject: this.#subject,
      trustDomain,
      generation: this.#newest,
      savedAt: clock.wallNow(),
    };
    const content = Buffer.from(body());
    await writePrivate(this.#pathOf(this.#newest), [sealOf(facts, content, folder.sealKey), content]);
    const old = present.filter((generation) => generation !== this.#newest).slice(0, 1 - KEPT);
    await Promise.all(old.map((generation) => rm(this.#pathOf(generation), { force: true })));
  }

  /** Ascending. */
  async #generations(): Promise<number[]> {
    const { folder, clock } = this.#options;
    const found: number[] = [];
    for (const file of await readdir(folder.path)) {
      if (!file.startsWith(`${this.#name}.`)) continue;
      const rest = file.slice(this.#name.length + 1);
      if (/^\d{1,15}$/.test(rest)) found.push(Number(rest));
      else if (rest.endsWith('.tmp')) await removeLeftover(join(folder.path, file), clock.wallNow());
    }
    return found.sort((a, b) => a - b);
  }

  #pathOf(generation: number): string {
    return join(this.#options.folder.path, `${this.#name}.${generation}`);
  }
}

async function removeLeftover(path: string, wallNow: number): Promise<void> {
  const leftover = await stat(path).catch(() => null);
  if (leftover !== null && wallNow - leftover.mtimeMs > LEFTOVER_MS) await rm(path, { force: true });
}
