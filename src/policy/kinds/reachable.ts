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

/**
 * Is every request of `later` one of `earlier`? Asked as Istio asks: of uri prefixes only, the later one longer. What Istio says of
 * other fields is not always true (it reads them the wrong way round, or not at all), so here they must be the same: never a finding
 * that Istio does not have, never a wrong one. A later match on GET is taken by an earlier one without a method.
 */
function covers(earlier: HttpMatchSpec, later: HttpMatchSpec): boolean {
  const prefix = earlier.uri?.prefix;
  const longer = later.uri?.prefix;
  if (!prefix || longer === undefined || longer === prefix || !longer.startsWith(prefix)) return false;
  const one = otherConditions(earlier);
  const other = otherConditions(later);
  if (one.method === undefined && other.method?.exact === 'GET') one.method = other.method;
  return JSON.stringify(sortKeys(one)) === JSON.stringify(sortKeys(other));
}

function otherConditions(match: HttpMatchSpec): HttpMatchSpec {
  const { uri: _uri, name: _name, statPrefix: _prefix, ...others } = match;
  return others;
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
