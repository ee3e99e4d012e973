/** Names in a message: a few, for in a large mesh there may be thousands. */

const MOST = 3;

/** `a, b`, or `a, b, c and others`. Reads no more names than it shows, and one. */
export function fewNames(names: Iterable<string>): string {
  const few = new Set<string>();
  for (const name of names) {
    if (few.size === MOST && !few.has(name)) return `${[...few].join(', ')} and others`;
    few.add(name);
  }
  return [...few].join(', ');
}
