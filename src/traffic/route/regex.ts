/**
 * Regular expressions of policy: RE2 syntax, linear time, the whole string must match. Policy is written by people, but the
 * strings come from the network: an engine that backtracks would let one request hold the process.
 * @source RE2 syntax; Envoy `type.matcher.v3.RegexMatcher` (full match)
 */
import { RE2JS } from 're2js';

/** Longest pattern. @source Istio `validateStringMatchRegexp` */
export const MAX_PATTERN_LENGTH = 1024;

/** A compiled pattern. */
export interface FullMatcher {
  /** Does the whole of `text` match? */
  test(text: string): boolean;
}

/**
 * @throws RangeError if the pattern is empty or longer than {@link MAX_PATTERN_LENGTH}
 * @throws Error with RE2's own words if it is not RE2
 */
export function compilePattern(pattern: string): FullMatcher {
  if (pattern === '') throw new RangeError('the regular expression is empty');
  if (pattern.length > MAX_PATTERN_LENGTH)
    throw new RangeError(`the regular expression is longer than ${MAX_PATTERN_LENGTH} characters`);
  const re2 = RE2JS.compile(pattern);
  return nativeEquivalent(pattern) ?? new Re2Matcher(re2);
}

/** What is wrong with a pattern, or null. */
export function patternFault(pattern: string): string | null {
  try {
    compilePattern(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

class Re2Matcher implements FullMatcher {
  readonly #re2: RE2JS;
  constructor(re2: RE2JS) {
    this.#re2 = re2;
  }
  test(text: string): boolean {
    return this.#re2.matches(text);
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
