import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../../base/clock.js';

export interface WatchOptions {
  readonly clock: Clock;
  readonly paths: readonly string[];
  /** A file or its directory may have changed; several changes in a row are told once. */
  readonly changed: () => void;
  /** Quiet time after the last event. @default 50, milliseconds */
  readonly settleMs?: number;
  /** Told even without an event this often, for file systems that report none. @default 900 000 (Istio), milliseconds */
  readonly pollMs?: number;
}

/**
 * Watches the directories of files, not the files: Kubernetes and `mv` replace a file by another one, and a watch on the file
 * stays with the old one. A Kubernetes volume swaps the link `..data` in the same directory, which is an event there.
 * @returns stops watching
 */
export function watchFiles(options: WatchOptions): () => void {
  const { clock, paths, changed, settleMs = 50, pollMs = 900_000 } = options;
  let settling: Timer | null = null;
  let polling: Timer | null = null;
  let stopped = false;
  const event = () => {
    settling?.cancel();
    settling = clock.after(settleMs, changed);
  };
  const poll = () => {
    polling = clock.after(pollMs, () => {
      changed();
      poll();
    });
  };
  const watchers: FSWatcher[] = [];
  for (const folder of new Set(paths.map(dirname))) {
    const watcher = watchFolder(folder, event);
    if (watcher !== null) watchers.push(watcher);
  }
  poll();
  return () => {
    if (stopped) return;
    stopped = true;
    settling?.cancel();
    polling?.cancel();
    for (const watcher of watchers) watcher.close();
  };
}

/** null where nothing can be watched (no more inotify watches, a remote file system): then polling remains. */
function watchFolder(folder: string, event: () => void): FSWatcher | null {
  try {
    const watcher = watch(folder, { persistent: false }, event);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
