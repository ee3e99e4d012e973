/**
 * The last accepted policy on disk, so that a workload can start while the config service is away. Only policy: keys never touch the
 * disk. Whoever can write the file can steer the workload, so it is believed only if nobody else can.
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, sleep } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { Workload } from '../../model/workload.js';
import { type HeldResources, mergeUpdate } from './resources.js';

/** A file that is larger was not written by us. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const FORMAT = 1;

export interface LastGood {
  readonly revision: number;
  readonly held: HeldResources;
  /** Milliseconds since the epoch. */
  readonly savedAt: number;
}

export interface LastGoodOptions {
  readonly folder: string;
  readonly workload: Workload;
  readonly clock: Clock;
  /** Told when a save failed. Must not throw. */
  readonly onError: (error: Error) => void;
}

/** Between two writes. */
const PAUSE_MS = 1_000;

const fileSchema = z.object({
  format: z.literal(FORMAT),
  subject: z.string(),
  revision: z.number().int().nonnegative(),
  savedAt: z.number(),
  resources: z.array(z.object({ name: z.string().min(1), version: z.string().min(1), value: z.unknown() })),
});

/** One workload's file in a state folder that several may share. */
export class LastGoodFile {
  readonly path: string;
  readonly #options: LastGoodOptions;
  readonly #subject: string;
  /** Ends the pause after a write. */
  readonly #hurry = new AbortController();
  #next: LastGood | null = null;
  #writing: Promise<void> | null = null;

  constructor(options: LastGoodOptions) {
    const { folder, workload } = options;
    this.#options = options;
    this.#subject = JSON.stringify([workload.namespace, workload.serviceAccount, workload.service]);
    const name = [workload.namespace, workload.serviceAccount, workload.service || 'client']
      .map((part) => part.replace(/[^a-z0-9-]/gi, '_'))
      .join('.');
    this.path = join(folder, `policy.${name}.json`);
  }

  /**
   * What was saved, or null if nothing was.
   * @throws MeshError `HEDDLE_INVALID_POLICY` if the file is damaged, another workload's, or open to other users
   */
  async load(): Promise<LastGood | null> {
    let text: string;
    try {
      await this.#checkOwner();
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const parsed = fileSchema.safeParse(parseJson(text));
    if (!parsed.success) throw this.#unusable('it is damaged');
    const { subject, revision, savedAt, resources } = parsed.data;
    if (subject !== this.#subject) throw this.#unusable('it is the policy of another workload');
    return { revision, savedAt, held: mergeUpdate(new Map(), { upsert: resources, remove: [] }) };
  }

  /** Saves `good` in place of what was there, now or a moment after the last save; something newer may take its place. */
  save(good: LastGood): void {
    this.#next = good;
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
    for (let good = this.#next; good !== null; good = this.#next) {
      this.#next = null;
      await this.#write(good).catch((error: Error) => this.#options.onError(error));
      // Endpoints may change many times a second; the disk need not hear of each.
      await sleep(this.#options.clock, PAUSE_MS, this.#hurry.signal).catch(() => {});
    }
  }

  async #write(good: LastGood): Promise<void> {
    const resources = [...good.held].map(([name, { version, value }]) => ({ name, version, value }));
    const { revision, savedAt } = good;
    const text = JSON.stringify({ format: FORMAT, subject: this.#subject, revision, savedAt, resources });
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}.tmp`;
    // A leftover of a killed process may have another mode, which `open` would keep.
    await rm(temporary, { force: true });
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.path);
  }

  async #checkOwner(): Promise<void> {
    const { uid, mode, size } = await stat(this.path);
    if (size > MAX_FILE_BYTES) throw this.#unusable(`it is larger than ${MAX_FILE_BYTES} bytes`);
    if (process.getuid === undefined) return;
    if (uid !== process.getuid()) throw this.#unusable('it belongs to another user');
    if ((mode & 0o022) !== 0) throw this.#unusable('other users may write it; its mode should be 0600');
  }

  #unusable(because: string): MeshError {
    return new MeshError(`the saved policy ${this.path} is not used: ${because}`, {
      code: 'HEDDLE_INVALID_POLICY',
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
