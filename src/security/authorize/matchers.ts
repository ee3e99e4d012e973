/**
 * Compiled tests of one text against the values of a policy's list: exact values in a set, then prefixes, suffixes, presence.
 * Built once when policy is compiled; a test allocates nothing.
 * @source Istio `pilot/pkg/security/authz/matcher/string.go`
 */

export type TextTest = (text: string) => boolean;

/** The kinds of value that a list may hold. `*` is presence and never matches the empty text. */
export type Pattern =
  | { readonly kind: 'present' }
  | { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly text: string };

/** `*`, `*suffix`, `prefix*` or an exact value. A leading `*` is looked at first, as Istio does. */
export function parsePattern(value: string): Pattern {
  if (value === '*') return { kind: 'present' };
  if (value.startsWith('*')) return { kind: 'suffix', text: value.slice(1) };
  if (value.endsWith('*')) return { kind: 'prefix', text: value.slice(0, -1) };
  return { kind: 'exact', text: value };
}

/** Does one of `values` match? */
export function textTest(values: readonly string[]): TextTest {
  const exact = new Set<string>();
  const tests: TextTest[] = [];
  for (const value of values) {
    const pattern = parsePattern(value);
    if (pattern.kind === 'exact') exact.add(pattern.text);
    else tests.push(patternTest(pattern));
  }
  if (exact.size === 1) {
    const only = values.find((value) => exact.has(value))!;
    tests.unshift((text) => text === only);
  } else if (exact.size > 1) tests.unshift((text) => exact.has(text));
  return anyTest(tests);
}

export function patternTest(pattern: Pattern): TextTest {
  if (pattern.kind === 'present') return (text) => text !== '';
  const { kind, text: wanted } = pattern;
  if (kind === 'exact') return (text) => text === wanted;
  return kind === 'prefix' ? (text) => text.startsWith(wanted) : (text) => text.endsWith(wanted);
}

export function anyTest(tests: readonly TextTest[]): TextTest {
  const [first, second] = tests;
  if (first === undefined) return () => false;
  if (second === undefined) return first;
  if (tests.length === 2) return (text) => first(text) || second(text);
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

/** `*` anywhere stands for any text. Linear: the leftmost place of each literal piece is always good enough. */
export function globTest(pieces: readonly string[]): TextTest {
  return (text) => {
    let at = 0;
    for (const piece of pieces) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return true;
  };
}
