/**
 * How a string must look, compiled. One class for all kinds of match, so that the call site stays monomorphic.
 * @source Istio `route.go` translateHeaderMatch; Envoy `matchers.cc`
 */
import type { StringMatch } from './policy.js';
import { compilePattern, type FullMatcher } from './regex.js';

export class StringMatcher {
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly text: string;
  /** Upper and lower case are the same. Never with `regex`. */
  readonly foldCase: boolean;
  readonly #pattern: FullMatcher | null;

  /** @throws Error on a pattern that is not RE2 */
  constructor(match: StringMatch, foldCase = false) {
    if ('exact' in match) [this.kind, this.text] = ['exact', match.exact];
    else if ('prefix' in match) [this.kind, this.text] = ['prefix', match.prefix];
    else if ('regex' in match) [this.kind, this.text] = ['regex', match.regex];
    else [this.kind, this.text] = ['present', ''];
    this.foldCase = foldCase && (this.kind === 'exact' || this.kind === 'prefix');
    if (this.foldCase) this.text = lowerAscii(this.text);
    this.#pattern = this.kind === 'regex' ? compilePattern(this.text) : null;
  }

  matches(value: string): boolean {
    const text = this.foldCase ? lowerAscii(value) : value;
    switch (this.kind) {
      case 'exact':
        return text === this.text;
      case 'prefix':
        return text.startsWith(this.text);
      case 'regex':
        return this.#pattern!.test(text);
      case 'present':
        return true;
    }
  }

  /** `text.slice(start, end)` matches; only a pattern needs the copy. */
  matchesPart(text: string, start: number, end: number): boolean {
    if (this.foldCase) return this.matches(text.slice(start, end));
    switch (this.kind) {
      case 'regex':
        return this.mayMatchAt(text, start) && this.matches(text.slice(start, end));
      case 'exact':
        return end - start === this.text.length && text.startsWith(this.text, start);
      case 'prefix':
        return end - start >= this.text.length && text.startsWith(this.text, start);
      default:
        return true;
    }
  }

  /** What everything begins with that matches, letter by letter; empty if nothing is known. */
  get literal(): string {
    if (this.foldCase) return '';
    return this.#pattern === null ? this.text : this.#pattern.prefix;
  }

  /** false: a pattern that surely does not match what begins at `start`. */
  mayMatchAt(text: string, start: number): boolean {
    return this.#pattern === null || text.startsWith(this.#pattern.prefix, start);
  }

  /** What is asked, e.g. `"jason"` or `something that starts with "/api"`. */
  wanted(): string {
    const text = `${JSON.stringify(this.text)}${this.foldCase ? ' in any case' : ''}`;
    switch (this.kind) {
      case 'exact':
        return text;
      case 'prefix':
        return `something that starts with ${text}`;
      case 'regex':
        return `something that matches ${text}`;
      case 'present':
        return 'any value';
    }
  }

  describe(): string {
    if (this.kind === 'present') return 'is present';
    const words = { exact: 'is', prefix: 'starts with', regex: 'matches' }[this.kind];
    return `${words} ${JSON.stringify(this.text)}${this.foldCase ? ' (any case)' : ''}`;
  }
}

/** Envoy folds the letters of ASCII and no others: a Kelvin sign is not a k. */
function lowerAscii(text: string): string {
  return UPPER.test(text) ? text.replace(UPPERS, (letter) => letter.toLowerCase()) : text;
}

const UPPER = /[A-Z]/;
const UPPERS = /[A-Z]+/g;
