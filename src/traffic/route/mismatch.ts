/** In words: why a condition does not hold for a request. What was asked, and what was there instead. */
import { type Condition, nameOf } from './match.js';
import { claimTexts, pathOnly, queryParameter, type RequestFacts, requestField } from './request-parts.js';

/** Their values are credentials and are not told to anybody. */
const SECRET: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
  'x-forwarded-client-cert',
]);

/** Longest value that is quoted whole. */
const QUOTED = 120;

/**
 * @param condition one that does not hold for `request`
 * @example `header end-user is absent, expected "jason"`
 */
export function describeMismatch(condition: Condition, request: RequestFacts): string {
  if (condition.subject === 'port') return `port is ${request.port}, expected ${condition.port}`;
  const matcher = condition.matcher!;
  const found = actual(condition, request);
  const expected = condition.inverted
    ? matcher.kind === 'present'
      ? 'expected none'
      : `expected anything but ${matcher.wanted()}`
    : `expected ${matcher.wanted()}`;
  return `${nameOf(condition)} is ${found}, ${expected}`;
}

function actual(condition: Condition, request: RequestFacts): string {
  switch (condition.subject) {
    case 'uri':
      return quoted(pathOnly(request.path));
    case 'header':
      return SECRET.has(condition.name) && requestField(request, condition.name) !== undefined
        ? 'there (its value is not shown)'
        : quoted(requestField(request, condition.name));
    case 'query':
      return quoted(queryParameter(request.path, condition.name));
    case 'claim': {
      if (request.claims === undefined || request.claims === null) return 'absent (no verified token)';
      const texts = claimTexts(request.claims, condition.claim);
      return texts === null || typeof texts === 'string'
        ? quoted(texts ?? undefined)
        : `[${texts.slice(0, 10).map(quoted).join(', ')}]`;
    }
    default:
      return quoted(requestField(request, `:${condition.subject}`));
  }
}

function quoted(value: string | undefined): string {
  if (value === undefined) return 'absent';
  return JSON.stringify(value.length > QUOTED ? `${value.slice(0, QUOTED)}…` : value);
}
