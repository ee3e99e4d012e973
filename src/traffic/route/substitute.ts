/**
 * Replacing what a pattern matches, as RE2 does, within a bound: one search reads the string once, but a string has as many
 * searches as matches, and a pattern such as `a.*b|a` reads to the end for each of them.
 * @source RE2 `re2.cc` GlobalReplace; Envoy `type.matcher.v3.RegexMatchAndSubstitute`
 */
import type { RE2JS } from 're2js';
import { compileBounded } from './regex.js';

/** Instructions that the searches of one path may take together: a fraction of a second. */
const MAX_STEPS = 100_000_000;

export class Substitution {
  readonly #pattern: RE2JS;
  readonly #pieces: readonly (string | number)[];

  /**
   * @param replacement `\1` to `\9` stand for groups, `\0` for the whole match, `\\` for a backslash
   * @throws RangeError if the pattern is too large, or the replacement names a group that it has not
   * @throws Error with RE2's own words if the pattern is not RE2
   */
  constructor(pattern: string, replacement: string) {
    this.#pattern = compileBounded(pattern);
    this.#pieces = piecesOf(replacement);
    const groups = this.#pattern.groupCount();
    for (const piece of this.#pieces)
      if (typeof piece === 'number' && piece > groups)
        throw new RangeError(`the replacement names group ${piece}; the pattern has ${groups}`);
  }

  /** All matches replaced. Where there are more than the bound on time allows, the rest of `text` stays as it is. */
  apply(text: string): string {
    const matcher = this.#pattern.matcher(text);
    let left = Math.max(1, Math.floor(MAX_STEPS / ((text.length + 1) * this.#pattern.programSize())));
    let result = '';
    let at = 0;
    let lastEnd = -1;
    while (at <= text.length && left > 0 && matcher.find(at)) {
      left -= 1;
      const start = matcher.start();
      const end = matcher.end();
      result += text.slice(at, start);
      if (start === end && start === lastEnd) {
        // Nothing, right behind a match, is no match of its own.
        const width = (text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
        result += text.slice(start, start + width);
        at = start + width;
        continue;
      }
      for (const piece of this.#pieces)
        result += typeof piece === 'string' ? piece : (matcher.group(piece) ?? '');
      at = end;
      lastEnd = end;
    }
    return result + text.slice(at);
  }
}

function piecesOf(replacement: string): readonly (string | number)[] {
  const pieces: (string | number)[] = [];
  for (const [text] of replacement.matchAll(/\\\d|\\\\|[^\\]+|\\/g)) {
    if (/^\\\d$/.test(text)) pieces.push(Number(text[1]));
    else pieces.push(text === '\\\\' ? '\\' : text);
  }
  return pieces;
}
