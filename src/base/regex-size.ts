/**
 * How large a regular expression becomes when it is compiled, guessed from its text: counted repeats copy what they repeat, so a
 * thousand characters of pattern can ask for a million instructions. Guessing costs one pass; compiling to find out would not.
 * @source RE2 `compile.cc` (counts are unrolled); Go `regexp/syntax` (counts up to 1000, nested ones multiplied)
 */

/** Longest string that any pattern is held against. Node's own limit for the head of a request. */
export const MAX_SUBJECT_LENGTH = 16_384;

/**
 * Instructions times characters: what one string may cost, some 50 ms where everything in the pattern may match everywhere. Strings come
 * from the network, and nothing else runs meanwhile.
 */
const MOST_STEPS = 2_000_000;

/** Longest string that a program of so many instructions is held against; a longer one matches none. */
export function longestSubject(instructions: number): number {
  return Math.min(MAX_SUBJECT_LENGTH, Math.floor(MOST_STEPS / Math.max(1, instructions)));
}

/** What one level of groups adds up to. */
interface Level {
  sum: number;
  /** Of the atom that a repetition would repeat. */
  last: number;
  /** How often something in the level is repeated: nested counts multiplied. */
  times: number;
  /** The same of the last atom. */
  lastTimes: number;
}

/** What can be said of a pattern without compiling it. */
export interface GuessedSize {
  /** Instructions, within a factor of two or so; of a broken pattern some number. */
  readonly instructions: number;
  /** The largest product of counts around one character: RE2 takes up to {@link MAX_TIMES}. */
  readonly times: number;
}

/** RE2 itself refuses more. @source Go `regexp/syntax` repeatIsValid */
export const MAX_TIMES = 1000;

export function guessSize(pattern: string): GuessedSize {
  const levels: Level[] = [newLevel(1)];
  let level = levels[0]!;
  const atom = (size: number) => {
    level.sum += size;
    level.last = size;
    level.lastTimes = 1;
  };
  for (let at = 0; at < pattern.length; at += 1) {
    switch (pattern[at]) {
      case '\\':
        if (pattern.startsWith('\\Q', at)) {
          const end = endOfLiteral(pattern, at);
          level.sum += end - at;
          at = end;
        } else at += 1;
        atom(1);
        break;
      case '[':
        at = endOfClass(pattern, at);
        atom(1);
        break;
      case '(':
        level = newLevel(2);
        levels.push(level);
        break;
      case ')':
        if (levels.length === 1) break;
        levels.pop();
        level = endGroup(levels, level);
        break;
      case '*':
      case '+':
      case '?':
      case '|':
        level.sum += 1;
        break;
      case '{': {
        const times = COUNT.exec(pattern.slice(at, at + 16));
        if (times === null) {
          atom(1);
          break;
        }
        const most = Math.max(Number(times[1]), Number(times[2] ?? 0));
        level.sum += level.last * Math.max(0, most - 1) + most;
        level.last *= Math.max(1, most);
        level.lastTimes *= Math.max(1, most);
        level.times = Math.max(level.times, level.lastTimes);
        at += times[0].length - 1;
        break;
      }
      default:
        atom(1);
    }
  }
  return {
    instructions: levels.reduce((sum, one) => sum + one.sum, 0),
    times: levels.reduce((most, one) => Math.max(most, one.times), 1),
  };
}

/** The pattern with every count as `{1}`: it is as right or wrong as the pattern is but for its counts, and small. */
export function withoutCounts(pattern: string): string {
  return pattern.replace(/\{(\d{1,6})(,(\d{0,6}))?\}/g, (count, least: string, _, most = '') =>
    most !== '' && Number(most) < Number(least) ? count : '{1}',
  );
}

function newLevel(sum: number): Level {
  return { sum, last: 0, times: 1, lastTimes: 1 };
}

const COUNT = /^\{(\d{1,6})(?:,(\d{1,6})?)?\}/;

/** The group as one atom of the level around it. */
function endGroup(levels: readonly Level[], inner: Level): Level {
  const outer = levels.at(-1)!;
  outer.sum += inner.sum;
  outer.last = inner.sum;
  outer.times = Math.max(outer.times, inner.times);
  outer.lastTimes = inner.times;
  return outer;
}

/** A bracket right after the opening one, or its `^`, is a member. */
function endOfClass(pattern: string, start: number): number {
  let at = start + 1;
  if (pattern[at] === '^') at += 1;
  if (pattern[at] === ']') at += 1;
  while (at < pattern.length && pattern[at] !== ']') at += pattern[at] === '\\' ? 2 : 1;
  return at;
}

/** `\Q…\E` is text as it is: counts in it count nothing. */
function endOfLiteral(pattern: string, start: number): number {
  const end = pattern.indexOf('\\E', start);
  return end < 0 ? pattern.length : end + 1;
}
