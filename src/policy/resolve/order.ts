/**
 * The order in which resources of one kind speak: the oldest first.
 * @source Istio `sortConfigByCreationTime`: time, then name, then namespace. No time counts as the oldest.
 */
import type { ResourceMetadata } from '../resource.js';

interface Dated {
  readonly metadata: ResourceMetadata;
}

export function compareAge(one: Dated, other: Dated): number {
  return (
    birthOf(one.metadata) - birthOf(other.metadata) ||
    compareText(one.metadata.name, other.metadata.name) ||
    compareText(one.metadata.namespace, other.metadata.namespace)
  );
}

/** Milliseconds since the epoch. */
export function birthOf({ creationTimestamp }: ResourceMetadata): number {
  if (creationTimestamp === undefined) return 0;
  const time = Date.parse(creationTimestamp);
  return Number.isNaN(time) ? 0 : time;
}

export function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Puts `item` where it belongs in a list that is in order, behind its equals. */
export function insertOrdered<T>(list: T[], item: T, compare: (one: T, other: T) => number): void {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle]!, item) <= 0) low = middle + 1;
    else high = middle;
  }
  list.splice(low, 0, item);
}
