/** Policy from a file or a folder of YAML, watched: what is written there is in force a moment later. */
import { basename, dirname, resolve } from 'node:path';
import type { Timer } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { PolicySource } from '../../policy/source.js';
import { type DocumentOptions, PolicyDocuments } from '../policy-documents.js';
import { folderIdentity, readPolicyFolder } from './read.js';
import { FolderWatch } from './watch.js';

export interface PolicyFilesOptions extends DocumentOptions {
  /** Quiet time after a change before the files are read, so that a copy of many files is read once. @default 50 */
  readonly debounceMs?: number;
  /** How often to look although nothing was noticed, for file systems that do not tell. @default 5 000 */
  readonly rescanMs?: number;
}

/**
 * Opens `path` and begins to read; `ready` says when there is policy. A path that does not exist yet may come later.
 * @example const source = openPolicyFiles('./policy', { scope, clock: systemClock });
 */
export function openPolicyFiles(path: string, options: PolicyFilesOptions): PolicySource {
  const files = new PolicyFiles(resolve(path), options);
  files.look();
  return files;
}

class PolicyFiles implements PolicySource {
  readonly #path: string;
  readonly #options: PolicyFilesOptions;
  readonly #documents: PolicyDocuments;
  readonly #watch: FolderWatch;
  #timer: Timer | null = null;
  /** When the first of the changes was noticed that wait to be read; null: none waits. */
  #noticedAt: number | null = null;
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  constructor(path: string, options: PolicyFilesOptions) {
    this.#path = path;
    this.#options = options;
    this.#documents = new PolicyDocuments('file', path, options);
    this.#watch = new FolderWatch((folder, name) => this.#notice(folder, name));
  }

  get policy() {
    return this.#documents.policy;
  }

  get status() {
    return this.#documents.status;
  }

  report: PolicySource['report'] = (revision, verdict) => this.#documents.report(revision, verdict);
  ready: PolicySource['ready'] = (signal) => this.#documents.ready(signal);

  /** Nobody else reads what a folder is told. */
  register(): void {}

  async close(): Promise<void> {
    this.#documents.close();
    this.#watch.close();
    this.#timer?.cancel();
    await this.#looking;
  }

  /** Looks now; a look that is asked for during another follows it, for the other may have passed the change already. */
  look(): void {
    this.#noticedAt = null;
    this.#lookAgain = true;
    this.#looking ??= this.#lookUntilDone().finally(() => {
      this.#looking = null;
      if (this.#noticedAt === null) this.#lookAfter(this.#options.rescanMs ?? 5_000);
    });
  }

  async #lookUntilDone(): Promise<void> {
    while (this.#lookAgain && !this.#documents.isClosed) {
      this.#lookAgain = false;
      await this.#lookOnce();
    }
  }

  async #lookOnce(): Promise<void> {
    const parent = dirname(this.#path);
    const watched = new Map([[parent, await folderIdentity(parent)]]);
    try {
      const { files, folders } = await readPolicyFolder(this.#path);
      for (const [folder, identity] of folders) watched.set(folder, identity);
      this.#documents.offer(files);
    } catch (error) {
      this.#documents.fail(readError(this.#path, error));
    }
    if (!this.#documents.isClosed && this.#watch.set(watched)) this.#lookAgain = true;
  }

  #notice(folder: string, name: string | null): void {
    // The folder around the path holds things that are none of our business, except the link that a ConfigMap swaps.
    const around = folder === dirname(this.#path);
    if (around && name !== null && name !== basename(this.#path) && !name.startsWith('..')) return;
    const quietMs = this.#options.debounceMs ?? 50;
    const now = this.#options.clock.now();
    this.#noticedAt ??= now;
    // Somebody who never stops writing must not keep the rest from being read.
    const latest = this.#noticedAt + MAX_DEBOUNCES * quietMs;
    this.#lookAfter(Math.max(0, Math.min(quietMs, latest - now)));
  }

  #lookAfter(delayMs: number): void {
    this.#timer?.cancel();
    if (!this.#documents.isClosed) this.#timer = this.#options.clock.after(delayMs, () => this.look());
  }
}

const MAX_DEBOUNCES = 10;

function readError(path: string, error: unknown): string {
  if (error instanceof MeshError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `there is no file or folder ${path}`;
  return `cannot read the policy in ${path}: ${message}`;
}
