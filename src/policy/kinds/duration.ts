/**
 * Durations as Istio writes them: `1.5s`, `250ms`, `1h30m`.
 * @source Go `time.ParseDuration`; Istio `pkg/config/validation/agent/validation.go` ValidateDuration
 */

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds, or null if `text` is not a duration. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (text.length > 64 || !/^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * UNITS[unit!]!;
  // Milliseconds from decimal fractions: 1.1s must be 1100, not 1100.0000000000002.
  const rounded = Math.round(total * 1e6) / 1e6;
  return text.startsWith('-') ? -rounded : rounded;
}

/** Milliseconds of a duration that was checked before; `otherwise` if it is absent. */
export function durationMs<T>(text: string | undefined, otherwise: T): number | T {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}
