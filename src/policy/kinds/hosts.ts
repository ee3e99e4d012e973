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

/** Longest name of a host. @source RFC 1035 §2.3.4 */
const MAX_LENGTH = 255;

/** Names of hosts, to be asked which of them include another one: as quick with many as with few. */
export class HostSet {
  readonly #exact = new Set<string>();
  /** What follows the `*` of wildcards. */
  readonly #suffixes = new Set<string>();
  readonly #lengths = new Set<number>();

  /** A name longer than names can be is left out. */
  add(host: string): void {
    if (host.length > MAX_LENGTH) return;
    if (!host.startsWith('*')) this.#exact.add(host);
    else {
      this.#suffixes.add(host.slice(1));
      this.#lengths.add(host.length - 1);
    }
  }

  /** One of which every host of `name` is one ({@link hostSubsetOf}), `name` itself rather than another, or undefined. */
  including(name: string): string | undefined {
    const wild = name.startsWith('*');
    const text = wild ? name.slice(1) : name;
    if (wild ? this.#suffixes.has(text) : this.#exact.has(text)) return name;
    for (const length of this.#lengths) {
      if (length > text.length) continue;
      const suffix = text.slice(text.length - length);
      if (this.#suffixes.has(suffix)) return `*${suffix}`;
    }
    return undefined;
  }
}
