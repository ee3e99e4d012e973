/** The word that someone probably meant. */

/**
 * The candidate with the fewest edits from `word`, or undefined if none is near.
 * @example nearest('subsetz', ['subsets', 'host']); // => 'subsets'
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return nearestOf(word, candidates, 1)[0];
}

/** Up to `most` candidates that are near, the nearest first. */
export function nearestOf(word: string, candidates: Iterable<string>, most: number): string[] {
  const limit = Math.max(2, Math.floor(word.length / 3));
  if (word.length > MAX_LENGTH) return [];
  const near: { readonly candidate: string; readonly count: number }[] = [];
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const count = edits(word.toLowerCase(), candidate.toLowerCase());
    if (count <= limit) near.push({ candidate, count });
  }
  return near
    .sort((one, other) => one.count - other.count)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** No name of a host or a field is longer. */
const MAX_LENGTH = 255;

/** @source Levenshtein distance, one row at a time */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = row[j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}
