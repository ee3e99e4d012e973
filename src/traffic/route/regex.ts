/**
 * Regular expressions of policy: RE2 syntax, linear time, the whole string must match. Policy is written by people, but the
 * strings come from the network: an engine that backtracks would let one request hold the process. Linear in what, though: the
 * pattern's program times the string. Both are bounded.
 * @source RE2 syntax; Envoy `type.matcher.v3.RegexMatcher` (full match)
 */
import { RE2JS } from 're2js';
import {
  guessSize,
  longestSubject,
  MAX_SUBJECT_LENGTH,
  MAX_TIMES,
  withoutCounts,
} from '../../base/regex-size.js';

export { MAX_SUBJECT_LENGTH } from '../../base/regex-size.js';

/** Longest pattern, in bytes of UTF-8. @source Istio `validateStringMatchRegexp` */
export const MAX_PATTERN_LENGTH = 1024;

/** Largest program, in instructions: the counts of `(?:a?){1000}` make 2,000. The larger, the shorter the strings it is held against. */
const MAX_PROGRAM_SIZE = 5_000;

/** The guess may be too high, but not by so much. */
const MAX_GUESS = 4 * MAX_PROGRAM_SIZE;

/** A compiled pattern. */
export interface FullMatcher {
  /** Text that everything begins with that matches; most requests are told apart by it alone. */
  readonly prefix: string;
  /** Does the whole of `text` match? */
  test(text: string): boolean;
}

/**
 * @throws RangeError if the pattern is empty, longer than {@link MAX_PATTERN_LENGTH}, or too large a program
 * @throws Error with RE2's own words if it is not RE2
 */
export function compilePattern(pattern: string): FullMatcher {
  if (pattern === '') throw new RangeError('the regular expression is empty');
  const re2 = compileBounded(pattern);
  const native = nativeEquivalent(pattern);
  const prefix = literalPrefix(pattern);
  return native === null ? new Re2Matcher(re2, prefix) : new NativeMatcher(native, prefix);
}

/** @throws RangeError, Error as {@link compilePattern}; an empty pattern is one */
export function compileBounded(pattern: string): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH || new TextEncoder().encode(pattern).length > MAX_PATTERN_LENGTH)
    throw new RangeError(`the regular expression is longer than ${MAX_PATTERN_LENGTH} bytes`);
  const guess = guessSize(pattern);
  if (guess.instructions > MAX_GUESS) {
    // What nobody takes is told in RE2's words, as far as that can be found out without unrolling.
    RE2JS.compile(withoutCounts(pattern));
    if (guess.times > MAX_TIMES)
      throw new RangeError(`the counts of the regular expression repeat it more than ${MAX_TIMES} times`);
    throw new TooLarge();
  }
  const re2 = RE2JS.compile(pattern);
  if (re2.programSize() > MAX_PROGRAM_SIZE) throw new TooLarge();
  return re2;
}

/** RE2 would take the pattern; this process has other work to do as well. */
class TooLarge extends RangeError {
  constructor() {
    super(
      `the regular expression repeats so much that it would take more than ${MAX_PROGRAM_SIZE} steps for each character; use smaller counts`,
    );
  }
}

/** What is wrong with a pattern. */
export interface PatternFault {
  readonly text: string;
  /** RE2 takes the pattern, and so does Istio: it is too large for Heddle alone. */
  readonly ours: boolean;
}

/** null: nothing. */
export function patternFault(pattern: string): PatternFault | null {
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { text, ours: error instanceof TooLarge };
  }
}

/** The characters at the front that stand for themselves, up to the first that does not, or that may be missing. */
export function literalPrefix(pattern: string): string {
  if (pattern.includes('|')) return '';
  return /^\^?([A-Za-z0-9_\-/,:;@=%~!#&'"<> ]*)(?![*+?{])/.exec(pattern)?.[1] ?? '';
}

class Re2Matcher implements FullMatcher {
  readonly prefix: string;
  readonly #re2: RE2JS;
  readonly #longest: number;
  constructor(re2: RE2JS, prefix: string) {
    this.#re2 = re2;
    this.#longest = longestSubject(re2.programSize());
    this.prefix = prefix;
  }
  test(text: string): boolean {
    return text.length <= this.#longest && this.#re2.matches(text);
  }
}

class NativeMatcher implements FullMatcher {
  readonly prefix: string;
  readonly #pattern: RegExp;
  constructor(pattern: RegExp, prefix: string) {
    this.#pattern = pattern;
    this.prefix = prefix;
  }
  test(text: string): boolean {
    return text.length <= MAX_SUBJECT_LENGTH && this.#pattern.test(text);
  }
}

/**
 * The platform's own engine where it cannot backtrack more than once over the text: alternatives at the top level only, each
 * a row of characters, classes and dots with at most one `*` or `+` in it. No groups, no `?`, no counts. Everything else
 * (null) stays with RE2.
 */
export function nativeEquivalent(pattern: string): RegExp | null {
  const branches: string[] = [];
  for (const branch of splitAlternatives(pattern)) {
    const source = translate(branch);
    if (source === null) return null;
    branches.push(source);
  }
  try {
    return new RegExp(`^(?:${branches.join('|')})$`, 'u');
  } catch {
    return null;
  }
}

function splitAlternatives(pattern: string): string[] {
  // Within a class or after a backslash a bar is a character; `translate` refuses both, so a wrong split is never used.
  return /[\\[][^|]*\|/.test(pattern) ? [pattern] : pattern.split('|');
}

const CLASS = /^\[\^?[A-Za-z0-9_][A-Za-z0-9_.\-/,:;@=% ]*\]/;
const ESCAPED: Readonly<Record<string, string>> = { d: '[0-9]', w: '[0-9A-Za-z_]', s: '[\\t\\n\\f\\r ]' };

function translate(branch: string): string | null {
  let source = '';
  let repeats = 0;
  let repeatable = false;
  for (let at = 0; at < branch.length; at += 1) {
    const char = branch[at]!;
    if (char === '*' || char === '+') {
      if (!repeatable || (repeats += 1) > 1) return null;
      source += char;
      repeatable = false;
      continue;
    }
    if (char === '^' && at === 0) continue;
    if (char === '$' && at === branch.length - 1) continue;
    repeatable = true;
    if (/^[A-Za-z0-9_\-/,:;@=%~!#&'"<> ]$/.test(char))
      source += char === '-' || char === '/' ? `\\x${hex(char)}` : char;
    else if (char === '.') source += '[^\\n]';
    else if (char === '[') {
      const found = CLASS.exec(branch.slice(at));
      if (found === null) return null;
      source += found[0];
      at += found[0].length - 1;
    } else if (char === '\\') {
      at += 1;
      const escaped = branch[at];
      if (escaped === undefined) return null;
      if (ESCAPED[escaped] !== undefined) source += ESCAPED[escaped];
      else if (/^[.\-/+*?()[\]{}|^$\\]$/.test(escaped)) source += `\\x${hex(escaped)}`;
      else return null;
    } else return null;
  }
  return source;
}

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, '0');
}
