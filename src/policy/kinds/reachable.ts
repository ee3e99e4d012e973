/**
 * Rules of a VirtualService that can never be reached (IST0130), and matches that add nothing (IST0131).
 * @source Istio `validation.go` analyzeUnreachableHTTPRules; spec validation.md §2
 */
import type { Findings } from './kind.js';
import type { HttpMatchSpec, HttpRouteSpec } from './virtual-service.js';

export function checkReachable(http: readonly HttpRouteSpec[], findings: Findings): void {
  let matchless = -1;
  const seen: { readonly text: string; readonly match: HttpMatchSpec; readonly where: string }[] = [];
  for (const [index, route] of http.entries()) {
    const path = ['spec', 'http', index];
    const matches = route.match ?? [];
    if (matchless >= 0) {
      findings.warning(path, `never reached: http[${matchless}] before it takes every request`, 'IST0130');
      continue;
    }
    let duplicates = 0;
    for (const [place, match] of matches.entries()) {
      const text = JSON.stringify(sortKeys(match));
      const where = `http[${index}].match[${place}]`;
      const same = seen.find((earlier) => earlier.text === text);
      const cover = same ?? seen.find((earlier) => covers(earlier.match, match));
      if (same !== undefined) duplicates += 1;
      if (cover !== undefined)
        findings.warning(
          [...path, 'match', place],
          `has no effect: ${cover.where} takes all that it matches`,
          'IST0131',
        );
      seen.push({ text, match, where });
    }
    if (matches.length > 0 && duplicates === matches.length)
      findings.warning(path, 'never reached: all its matches were taken by earlier rules', 'IST0130');
    if (matches.length === 0) matchless = index;
  }
}

/** Is every request of `later` one of `earlier`? Asked of uri prefixes only, as Istio does. */
function covers(earlier: HttpMatchSpec, later: HttpMatchSpec): boolean {
  const prefix = earlier.uri?.prefix;
  if (prefix === undefined || later.uri?.prefix === undefined) return false;
  if (earlier.ignoreUriCase !== later.ignoreUriCase || !later.uri.prefix.startsWith(prefix)) return false;
  const fields = new Set([...Object.keys(earlier), ...Object.keys(later)]);
  for (const known of ['uri', 'ignoreUriCase', 'name', 'statPrefix']) fields.delete(known);
  for (const field of fields) {
    const one = earlier[field as keyof HttpMatchSpec];
    const other = later[field as keyof HttpMatchSpec];
    if (!valueCovers(one, other)) return false;
  }
  return true;
}

/** The same keys, and every later text starts with the earlier one. */
function valueCovers(earlier: unknown, later: unknown): boolean {
  if (typeof earlier === 'string' && typeof later === 'string') return later.startsWith(earlier);
  if (!isObject(earlier) || !isObject(later)) return earlier === later;
  const keys = Object.keys(earlier);
  return (
    keys.length === Object.keys(later).length &&
    keys.every((key) => key in later && valueCovers(earlier[key], later[key]))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}
