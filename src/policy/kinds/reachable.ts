/**
 * Rules of a VirtualService that can never be reached (IST0130), and matches that add nothing (IST0131).
 * @source Istio `validation.go` analyzeUnreachableHTTPRules and its likes for TLS and TCP; spec validation.md §2
 */
import type { Findings } from './kind.js';
import type { HttpMatchSpec, VirtualServiceSpec } from './virtual-service.js';

type Match = Readonly<Record<string, unknown>>;

export function checkReachable(spec: VirtualServiceSpec, findings: Findings): void {
  checkRules(spec.http ?? [], 'http', findings);
  checkRules(spec.tls ?? [], 'tls', findings);
  checkRules(spec.tcp ?? [], 'tcp', findings);
}

function checkRules(
  rules: readonly { readonly match?: readonly Match[] | undefined }[],
  part: 'http' | 'tls' | 'tcp',
  findings: Findings,
): void {
  let matchless = -1;
  /** By the match as text: where it was first. */
  const seen = new Map<string, string>();
  const prefixes = new Prefixes();
  for (const [index, { match: matches = [] }] of rules.entries()) {
    const path = ['spec', part, index];
    if (matchless >= 0) {
      findings.warning(path, `never reached: ${part}[${matchless}] before it takes everything`, 'IST0130');
      continue;
    }
    let duplicates = 0;
    for (const [place, match] of matches.entries()) {
      const text = canonicalText(match);
      const where = `${part}[${index}].match[${place}]`;
      const same = seen.get(text);
      const cover = same ?? (part === 'http' ? prefixes.covering(match) : undefined);
      if (same !== undefined) duplicates += 1;
      if (cover !== undefined)
        findings.warning(
          [...path, 'match', place],
          `has no effect: ${cover} takes all that it matches`,
          'IST0131',
        );
      if (same === undefined) seen.set(text, where);
      if (part === 'http') prefixes.add(match, where);
    }
    if (matches.length > 0 && duplicates === matches.length)
      findings.warning(path, 'never reached: all its matches were taken by earlier rules', 'IST0130');
    if (matches.length === 0) matchless = index;
  }
}

/**
 * Matches on prefixes of the path, asked as Istio asks whether one takes every request of a later one: of uri prefixes only, the later
 * one longer. What Istio says of other fields is not always true (it reads them the wrong way round, or not at all), so here they must be
 * the same: never a finding that Istio does not have, never a wrong one. A later match on GET is taken by an earlier one without a method.
 */
class Prefixes {
  /** By the other conditions as text. */
  readonly #known = new Map<string, { readonly where: Map<string, string>; readonly lengths: Set<number> }>();

  add(match: HttpMatchSpec, where: string): void {
    const prefix = match.uri?.prefix;
    if (!prefix) return;
    const others = otherConditions(match);
    const known = this.#known.get(others) ?? { where: new Map(), lengths: new Set() };
    if (!known.where.has(prefix)) known.where.set(prefix, where);
    known.lengths.add(prefix.length);
    this.#known.set(others, known);
  }

  /** Where a match was that takes all of this one's requests. */
  covering(match: HttpMatchSpec): string | undefined {
    const prefix = match.uri?.prefix;
    if (!prefix) return undefined;
    const { method: _method, ...anyMethod } = match;
    for (const others of match.method?.exact === 'GET' ? [match, anyMethod] : [match]) {
      const known = this.#known.get(otherConditions(others));
      for (const length of known?.lengths ?? []) {
        const where = length < prefix.length ? known?.where.get(prefix.slice(0, length)) : undefined;
        if (where !== undefined) return where;
      }
    }
    return undefined;
  }
}

function otherConditions(match: HttpMatchSpec): string {
  const { uri: _uri, statPrefix: _prefix, ...others } = match;
  return canonicalText(others);
}

/** A match as text: its name says nothing, nor does what is empty. */
function canonicalText(match: Match): string {
  const says = Object.entries(match).filter(([key, value]) => key !== 'name' && !isEmpty(value));
  return JSON.stringify(sortKeys(Object.fromEntries(says)));
}

/** Only the match's own fields: an empty `exact` within one of them is a condition. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === '' || value === 0 || value === false;
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
