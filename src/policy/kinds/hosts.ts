/**
 * Names of hosts against each other.
 * @source Istio `pkg/config/host/name.go`
 */

/** Do the two names have a host in common? Either may start with `*`; `*a.com` has `a.com`, `*.a.com` has not. */
export function hostMatches(one: string, other: string): boolean {
  const oneWild = one.startsWith('*');
  const otherWild = other.startsWith('*');
  if (oneWild && otherWild) {
    const [short, long] = one.length < other.length ? [one, other] : [other, one];
    return long.slice(1).endsWith(short.slice(1));
  }
  if (oneWild) return other.endsWith(one.slice(1));
  if (otherWild) return hostMatches(other, one);
  return one === other;
}

/** Is every host of `one` one of `other`? */
export function hostSubsetOf(one: string, other: string): boolean {
  if (one.startsWith('*') && !other.startsWith('*')) return false;
  if (one.startsWith('*')) return one.slice(1).endsWith(other.slice(1));
  return hostMatches(other, one);
}

/** Sorts the more specific name first: exact, then the longer wildcard, `*` last; equal ones by the alphabet. */
export function compareSpecificity(one: string, other: string): number {
  const oneWild = one.startsWith('*');
  const otherWild = other.startsWith('*');
  if (oneWild !== otherWild) return oneWild ? 1 : -1;
  if (oneWild && one.length !== other.length) return other.length - one.length;
  return one < other ? -1 : one > other ? 1 : 0;
}
