/**
 * Conditions of a route, compiled. The same conditions decide calls and explain decisions: a decision asks for the first one
 * that fails, an explanation describes it.
 * @source Istio `route.go` translateRouteMatch; Envoy `config_impl.cc`, `header_utility.cc`
 */
import { headerValue } from '../../base/headers.js';
import type { RouteMatch, StringMatch } from './policy.js';
import {
  barePath,
  claimTexts,
  queryValueEnd,
  queryValueStart,
  type RequestFacts,
  requestField,
} from './request-parts.js';
import { StringMatcher } from './string-matcher.js';

export type Subject = 'uri' | 'scheme' | 'method' | 'authority' | 'port' | 'header' | 'query' | 'claim';

/** One condition of a route. */
export class Condition {
  readonly subject: Subject;
  /** Of the header or query parameter, of the claim with dots, else empty. */
  readonly name: string;
  readonly inverted: boolean;
  /** null for the port. */
  readonly matcher: StringMatcher | null;
  readonly port: number;
  /** Of the claim, else empty. */
  readonly claim: readonly string[];
  /** A header that is only a header, not a part of the request line. */
  readonly #plain: boolean;

  constructor(subject: Subject, matcher: StringMatcher | null, parts: ConditionParts = {}) {
    this.subject = subject;
    this.matcher = matcher;
    this.claim = parts.claim ?? [];
    this.name = parts.name ?? this.claim.join('.');
    this.inverted = parts.invert === true;
    this.port = parts.port ?? 0;
    this.#plain = subject === 'header' && !this.name.startsWith(':') && this.name !== 'host';
  }

  /** @param pathEnd where the request's path ends and its query begins */
  holds(request: RequestFacts, pathEnd: number): boolean {
    switch (this.subject) {
      case 'uri':
        return this.#uriMatches(this.matcher!, request.path, pathEnd);
      case 'scheme':
        return this.matcher!.matches(request.scheme);
      case 'method':
        return this.matcher!.matches(request.method);
      case 'authority':
        return this.matcher!.matches(request.authority);
      case 'port':
        return request.port === this.port;
      case 'header':
        return this.#named(
          this.#plain ? headerValue(request.headers, this.name) : requestField(request, this.name),
        );
      case 'query':
        return this.#queryMatches(request.path);
      case 'claim':
        return this.#claimMatches(request) !== this.inverted;
    }
  }

  #uriMatches(matcher: StringMatcher, path: string, pathEnd: number): boolean {
    if (matcher.kind !== 'regex') return matcher.matchesPart(path, 0, pathEnd);
    return matcher.mayMatchAt(path, 0) && matcher.matches(barePath(path, pathEnd));
  }

  #named(value: string | undefined): boolean {
    const matcher = this.matcher!;
    if (!this.inverted) return value !== undefined && matcher.matches(value);
    if (matcher.kind === 'present') return value === undefined;
    // A missing header counts as an empty one (Envoy's treat_missing_header_as_empty).
    return !matcher.matches(value ?? '');
  }

  /** There is no `withoutQueryParams`. */
  #queryMatches(path: string): boolean {
    const start = queryValueStart(path, this.name);
    return start >= 0 && this.matcher!.matchesPart(path, start, queryValueEnd(path, start));
  }

  /** Unlike a header, a claim that is missing is not an empty one: nothing is there that could match. */
  #claimMatches(request: RequestFacts): boolean {
    const texts = claimTexts(request.claims, this.claim);
    if (texts === null) return false;
    if (typeof texts === 'string') return this.matcher!.matches(texts);
    for (const text of texts) if (this.matcher!.matches(text)) return true;
    return false;
  }

  /** For people: `header end-user is "jason"`. */
  describe(): string {
    if (this.subject === 'port') return `port is ${this.port}`;
    const text = `${nameOf(this)} ${this.matcher!.describe()}`;
    return this.inverted ? `not (${text})` : text;
  }
}

interface ConditionParts {
  readonly name?: string;
  readonly invert?: true;
  readonly port?: number;
  readonly claim?: readonly string[];
}

/** What is asked about: `header end-user`, `path`. */
export function nameOf({ subject, name }: Condition): string {
  switch (subject) {
    case 'uri':
      return 'path';
    case 'header':
      return `header ${name}`;
    case 'query':
      return `query parameter ${name}`;
    case 'claim':
      return `claim ${name}`;
    default:
      return subject;
  }
}

/** The conditions of one match, cheapest first. */
export function compileMatch(match: RouteMatch): readonly Condition[] {
  const conditions: Condition[] = [];
  if (match.port !== undefined) conditions.push(new Condition('port', null, { port: match.port }));
  if (match.method !== undefined) conditions.push(new Condition('method', new StringMatcher(match.method)));
  if (match.scheme !== undefined) conditions.push(new Condition('scheme', new StringMatcher(match.scheme)));
  if (match.uri !== undefined && !matchesEveryPath(match.uri))
    conditions.push(new Condition('uri', new StringMatcher(match.uri, match.ignoreUriCase === true)));
  if (match.authority !== undefined)
    conditions.push(new Condition('authority', new StringMatcher(match.authority)));
  for (const { match: value, ...named } of match.headers ?? [])
    conditions.push(new Condition('header', new StringMatcher(value), named));
  for (const { match: value, ...named } of match.queryParams ?? [])
    conditions.push(new Condition('query', new StringMatcher(value), named));
  for (const { match: value, path, invert } of match.claims ?? [])
    conditions.push(
      new Condition('claim', new StringMatcher(value), { claim: path, ...(invert && { invert }) }),
    );
  return conditions;
}

/** Every path starts with `/`, so these need not be asked. */
function matchesEveryPath(uri: StringMatch): boolean {
  return 'present' in uri || ('prefix' in uri && (uri.prefix === '/' || uri.prefix === ''));
}
