/**
 * Conditions of a route, compiled. The same conditions decide calls and explain decisions: a decision asks for the first one
 * that fails, an explanation describes it.
 * @source Istio `route.go` translateRouteMatch; Envoy `config_impl.cc`, `header_utility.cc`
 */
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { NamedMatch, RouteMatch, StringMatch } from './policy.js';
import { compilePattern, type FullMatcher } from './regex.js';

/** What routing looks at. */
export interface RequestFacts {
  /** In upper case. */
  readonly method: string;
  readonly scheme: string;
  /** As the caller wrote it, port included. */
  readonly authority: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: HeaderFields;
  /** The service port that the caller addressed. */
  readonly port: number;
}

/** One class for all kinds of match, so that the call site stays monomorphic. */
export class StringMatcher {
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly text: string;
  readonly #pattern: FullMatcher | null;
  readonly #foldCase: boolean;

  /** @throws Error on a pattern that is not RE2 */
  constructor(match: StringMatch, foldCase = false) {
    if ('exact' in match) [this.kind, this.text] = ['exact', match.exact];
    else if ('prefix' in match) [this.kind, this.text] = ['prefix', match.prefix];
    else if ('regex' in match) [this.kind, this.text] = ['regex', match.regex];
    else [this.kind, this.text] = ['present', ''];
    this.#foldCase = foldCase && (this.kind === 'exact' || this.kind === 'prefix');
    if (this.#foldCase) this.text = this.text.toLowerCase();
    this.#pattern = this.kind === 'regex' ? compilePattern(this.text) : null;
  }

  matches(value: string): boolean {
    const text = this.#foldCase ? value.toLowerCase() : value;
    switch (this.kind) {
      case 'exact':
        return text === this.text;
      case 'prefix':
        return text.startsWith(this.text);
      case 'regex':
        return this.#pattern!.test(text);
      case 'present':
        return true;
    }
  }

  describe(): string {
    if (this.kind === 'present') return 'is present';
    const words = { exact: 'is', prefix: 'starts with', regex: 'matches' }[this.kind];
    return `${words} ${JSON.stringify(this.text)}${this.#foldCase ? ' (any case)' : ''}`;
  }
}

type Subject = 'uri' | 'scheme' | 'method' | 'authority' | 'port' | 'header' | 'pseudo' | 'query';

/** One condition of a route. */
export class Condition {
  readonly subject: Subject;
  /** Of the header or query parameter, else empty. */
  readonly name: string;
  readonly inverted: boolean;
  readonly matcher: StringMatcher | null;
  readonly port: number;

  constructor(subject: Subject, matcher: StringMatcher | null, named?: NamedMatch, port = 0) {
    this.name = named?.name ?? '';
    this.subject = subject === 'header' && this.name.startsWith(':') ? 'pseudo' : subject;
    this.matcher = matcher;
    this.inverted = named?.invert === true;
    this.port = port;
  }

  /** @param path of the request, without its query */
  holds(request: RequestFacts, path: string): boolean {
    switch (this.subject) {
      case 'uri':
        return this.matcher!.matches(path);
      case 'scheme':
        return this.matcher!.matches(request.scheme);
      case 'method':
        return this.matcher!.matches(request.method);
      case 'authority':
        return this.matcher!.matches(request.authority);
      case 'port':
        return request.port === this.port;
      case 'header':
        return this.#named(headerValue(request.headers, this.name));
      case 'pseudo':
        return this.#named(pseudoHeader(request, this.name));
      case 'query':
        return this.#named(queryParameter(request.path, this.name));
    }
  }

  #named(value: string | undefined): boolean {
    const matcher = this.matcher!;
    if (!this.inverted) return value !== undefined && matcher.matches(value);
    if (matcher.kind === 'present') return value === undefined;
    // A missing header counts as an empty one (Envoy's treat_missing_header_as_empty).
    return !matcher.matches(value ?? '');
  }

  /** For people: `header end-user is "jason"`. */
  describe(): string {
    if (this.subject === 'port') return `port is ${this.port}`;
    const what = { query: 'query parameter', pseudo: 'header' }[this.subject as string] ?? this.subject;
    const text = `${what}${this.name === '' ? '' : ` ${this.name}`} ${this.matcher!.describe()}`;
    return this.inverted ? `not (${text})` : text;
  }
}

/** The conditions of one match, cheapest first. */
export function compileMatch(match: RouteMatch): readonly Condition[] {
  const conditions: Condition[] = [];
  if (match.port !== undefined) conditions.push(new Condition('port', null, undefined, match.port));
  if (match.method !== undefined) conditions.push(new Condition('method', new StringMatcher(match.method)));
  if (match.scheme !== undefined) conditions.push(new Condition('scheme', new StringMatcher(match.scheme)));
  if (match.uri !== undefined && !matchesEveryPath(match.uri))
    conditions.push(new Condition('uri', new StringMatcher(match.uri, match.ignoreUriCase === true)));
  if (match.authority !== undefined)
    conditions.push(new Condition('authority', new StringMatcher(match.authority)));
  for (const named of match.headers ?? [])
    conditions.push(new Condition('header', new StringMatcher(named.match), named));
  for (const named of match.queryParams ?? [])
    conditions.push(new Condition('query', new StringMatcher(named.match), named));
  return conditions;
}

/** Every path starts with `/`, so these need not be asked. */
function matchesEveryPath(uri: StringMatch): boolean {
  return 'present' in uri || ('prefix' in uri && (uri.prefix === '/' || uri.prefix === ''));
}

/** The request line as HTTP/2 has it, in fields. `:status` and all others: a request has none. */
function pseudoHeader(request: RequestFacts, name: string): string | undefined {
  switch (name) {
    case ':method':
      return request.method;
    case ':scheme':
      return request.scheme;
    case ':authority':
      return request.authority;
    case ':path':
      return request.path;
    default:
      return undefined;
  }
}

/** The path without its query. */
export function pathOnly(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

/** The first value of a query parameter as it was sent: Envoy's router matches without decoding. */
export function queryParameter(path: string, name: string): string | undefined {
  let at = path.indexOf('?');
  while (at >= 0) {
    const start = at + 1;
    const end = path.indexOf('&', start);
    const pair = end < 0 ? path.slice(start) : path.slice(start, end);
    const equals = pair.indexOf('=');
    if ((equals < 0 ? pair : pair.slice(0, equals)) === name) return equals < 0 ? '' : pair.slice(equals + 1);
    at = end;
  }
  return undefined;
}
