/**
 * How large a regular expression becomes when it is compiled, guessed from its text: counted repeats copy what they repeat, so a
 * thousand characters of pattern can ask for a million instructions. Guessing costs one pass; compiling to find out would not.
 * @source RE2 `compile.cc` (counts are unrolled); Go `regexp/syntax` (counts up to 1000, nested ones multiplied)
 */

/** What one level of groups adds up to. */
interface Level {
  sum: number;
  /** Of the atom that a repetition would repeat. */
  last: number;
}

/** Instructions, within a factor of two or so; of a broken pattern some number. */
export function guessProgramSize(pattern: string): number {
  const levels: Level[] = [{ sum: 1, last: 0 }];
  let level = levels[0]!;
  const atom = (size: number) => {
    level.sum += size;
    level.last = size;
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
        level = { sum: 2, last: 0 };
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
        at += times[0].length - 1;
        break;
      }
      default:
        atom(1);
    }
  }
  return levels.reduce((sum, one) => sum + one.sum, 0);
}

const COUNT = /^\{(\d{1,6})(?:,(\d{1,6})?)?\}/;

/** The group as one atom of the level around it. */
function endGroup(levels: readonly Level[], inner: Level): Level {
  const outer = levels.at(-1)!;
  outer.sum += inner.sum;
  outer.last = inner.sum;
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
