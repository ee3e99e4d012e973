/**
 * Notices changes in some folders. A notice only says "look again": editors replace files, ConfigMaps swap a link, and some file
 * systems tell nothing at all, so whoever asked also looks from time to time.
 */
import { type FSWatcher, watch } from 'node:fs';

interface Watched {
  readonly identity: string;
  readonly watcher: FSWatcher;
}

export class FolderWatch {
  readonly #notice: (folder: string, name: string | null) => void;
  readonly #watched = new Map<string, Watched>();

  /** @param notice hears the folder in which something changed, and the name of what changed if the system tells it */
  constructor(notice: (folder: string, name: string | null) => void) {
    this.#notice = notice;
  }

  /**
   * Watches exactly these folders from now on; a folder whose identity changed is another folder of the same name, which the old
   * watcher would never hear of. Those that cannot be watched are left to the looking from time to time.
   * @returns whether a folder is watched now that was not before: it may have changed since it was last read
   */
  set(folders: ReadonlyMap<string, string>): boolean {
    let grown = false;
    for (const [folder, { identity }] of this.#watched) {
      if (folders.get(folder) !== identity) this.#drop(folder);
    }
    for (const [folder, identity] of folders) {
      if (!this.#watched.has(folder)) grown = this.#add(folder, identity) || grown;
    }
    return grown;
  }

  close(): void {
    this.set(new Map());
  }

  #add(folder: string, identity: string): boolean {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.#notice(folder, name));
      watcher.on('error', () => {
        this.#drop(folder);
        this.#notice(folder, null);
      });
      this.#watched.set(folder, { identity, watcher });
      return true;
    } catch {
      // Not there, or the system is out of watches.
      return false;
    }
  }

  #drop(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}
