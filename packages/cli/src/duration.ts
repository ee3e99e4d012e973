/** Lengths of time, as people write and read them. */
import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of `1h`, `90s`, `1h30m`, `7d`.
 * @throws InvalidArgumentError, which commander reports with the option's name
 * @example parseDuration('1h30m'); // => 5400000
 */
export function parseDuration(text: string): number {
  if (!/^(\d{1,9}(ms|s|m|h|d))+$/.test(text)) {
    throw new InvalidArgumentError('It is a length of time, such as 90s, 30m, 24h or 7d.');
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) total += Number(amount) * UNITS[unit!]!;
  if (total === 0) throw new InvalidArgumentError('It is longer than nothing.');
  return total;
}

/** The two largest units. @example formatDuration(5_430_000); // => '1h30m' */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('');
}

/** `in 42m`, `3h ago`. @param at milliseconds since the epoch */
export function relative(at: number, wallNow: number): string {
  if (at < wallNow) return `${formatDuration(wallNow - at)} ago`;
  // Up, so that what was just made for a day does not read as 23h59m.
  return `in ${formatDuration(Math.ceil((at - wallNow) / 1_000) * 1_000)}`;
}
