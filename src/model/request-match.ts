/**
 * Conditions on a request as the policies of `heddle.dev/v1` write them. All fields that are there have to hold; of a field's values
 * one has to.
 */
import { type HeaderFields, headerValue } from '../base/headers.js';

/** An empty one asks whether the field is there. */
export interface FieldMatch {
  readonly exact?: string | undefined;
  readonly prefix?: string | undefined;
}

/** Values of `paths` and `principals` as an AuthorizationPolicy has them: exact, `prefix*`, `*suffix`, or `*` for any that is there. */
export interface RequestMatch {
  /** Without query, case counts. */
  readonly paths?: readonly string[] | undefined;
  /** In upper case. */
  readonly methods?: readonly string[] | undefined;
  /** By name in lower case. */
  readonly headers?: Readonly<Record<string, FieldMatch>> | undefined;
  /** `trust-domain/ns/…/sa/…`, proved by mutual TLS. */
  readonly principals?: readonly string[] | undefined;
}

export interface RequestFacts {
  readonly method: string;
  /** A query in it is not looked at. */
  readonly path: string;
  readonly headers: HeaderFields;
  /** Without `spiffe://`; null: nobody proved who it is. */
  readonly principal: string | null;
}

export type RequestTest = (facts: RequestFacts) => boolean;

/** @param match undefined, or without a field: every request */
export function compileRequestMatch(match: RequestMatch | undefined): RequestTest {
  const tests: RequestTest[] = [];
  const { paths, methods, headers, principals } = match ?? {};
  if (paths !== undefined) {
    const test = anyOf(paths);
    tests.push(({ path }) => test(pathOnly(path)));
  }
  if (methods !== undefined) {
    const wanted = new Set(methods);
    tests.push(({ method }) => wanted.has(method));
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    const test = fieldTest(value);
    tests.push((facts) => test(headerValue(facts.headers, name)));
  }
  if (principals !== undefined) {
    const test = anyOf(principals);
    tests.push(({ principal }) => principal !== null && test(principal));
  }
  return (facts) => tests.every((test) => test(facts));
}

export function pathOnly(path: string): string {
  const query = path.indexOf('?');
  return query < 0 ? path : path.slice(0, query);
}

function anyOf(values: readonly string[]): (text: string) => boolean {
  const tests = values.map(valueTest);
  return (text) => tests.some((test) => test(text));
}

function valueTest(value: string): (text: string) => boolean {
  if (value === '*') return (text) => text !== '';
  if (value.startsWith('*')) return (text) => text.endsWith(value.slice(1));
  if (value.endsWith('*')) return (text) => text.startsWith(value.slice(0, -1));
  return (text) => text === value;
}

function fieldTest({ exact, prefix }: FieldMatch): (value: string | undefined) => boolean {
  if (exact !== undefined) return (value) => value === exact;
  if (prefix !== undefined) return (value) => value?.startsWith(prefix) === true;
  return (value) => value !== undefined;
}
