/** The past of a range of keys, by undoing what happened since. Pure. */
import type { Entry, StoreEvent } from './store.js';
import { keyOf } from './watchers.js';

/**
 * @param entries the range as it is now
 * @param since what happened after the wanted revision, oldest first
 * @returns the range as it was, in the order of its keys
 */
export function rewind(prefix: string, entries: readonly Entry[], since: readonly StoreEvent[]): Entry[] {
  const range = new Map(entries.map((entry) => [entry.key, entry]));
  for (const event of [...since].reverse()) {
    const key = keyOf(event);
    if (!key.startsWith(prefix)) continue;
    if (event.previous === undefined) range.delete(key);
    else range.set(key, event.previous);
  }
  return [...range.values()].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}
