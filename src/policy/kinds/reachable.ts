/**
 * Rules of a VirtualService that can never be reached (IST0130), and matches that add nothing (IST0131).
 * @source Istio `validation.go` analyzeUnreachableHTTPRules and its likes for TLS and TCP; spec validation.md §2
 */
import type { Findings } from './kind.js';
import type { HttpMatchSpec, VirtualServiceSpec } from './virtual-service.js';

type Match = Readonly<Record<string, unknown>>;

interface Seen {
  readonly text: string;
  readonly match: Match;
  readonly where: string;
}

export function checkReachable(spec: VirtualServiceSpec, findings: Findings): void {
  for (const part of ['http', 'tls', 'tcp'] as const) checkRules(spec[part] ?? [], part, findings);
}

function checkRules(
  rules: readonly { readonly match?: readonly Match[] | undefined }[],
  part: 'http' | 'tls' | 'tcp',
  findings: Findings,
): void {
  let matchless = -1;
  const seen: Seen[] = [];
  for (const [index, { match: matches = [] }] of rules.entries()) {
    const path = ['spec', part, index];
    if (matchless >= 0) {
      findings.warning(path, `never reached: ${part}[${matchless}] before it takes everything`, 'IST0130');
      continue;
    }
    let duplicates = 0;
    for (const [place, match] of matches.entries()) {
      const text = canonicalText(match);
      const same = seen.find((earlier) => earlier.text === text);
      const cover =
        same ?? (part === 'http' ? seen.find((earlier) => covers(earlier.match, match)) : undefined);
      if (same !== undefined) duplicates += 1;
      if (cover !== undefined)
        findings.warning(
          [...path, 'match', place],
          `has no effect: ${cover.where} takes all that it matches`,
          'IST0131',
        );
      seen.push({ text, match, where: `${part}[${index}].match[${place}]` });
    }
    if (matches.length > 0 && duplicates === matches.length)
      findings.warning(path, 'never reached: all its matches were taken by earlier rules', 'IST0130');
    if (matches.length === 0) matchless = index;
  }
}

/** A match as text: its name says nothing, nor does what is empty. */
function canonicalText(match: Match): string {
  const says = Object.entries(match).filter(([key, value]) => key !== 'name' && !isEmpty(value));
  return JSON.stringify(sortKeys(Object.fromEntries(says)));
}

/** Only the match's own fields: an empty `exact` within one of them is a condition. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === '' || value === 0 || value === false || isEmptyList(value);
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
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
  return canonicalText(one) === canonicalText(other);
}

function otherConditions(match: HttpMatchSpec): HttpMatchSpec {
  const { uri: _uri, statPrefix: _prefix, ...others } = match;
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
