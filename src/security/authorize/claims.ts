/**
 * Tests of the claims of a verified token.
 * @source Istio `pilot/pkg/security/authz/model/generator.go`
 */
import { patternTest, type TextTest, textTest } from './matchers.js';
import type { View } from './view.js';

const PRESENT: TextTest = (text) => text !== '';

/** `issuer/subject`, split at the last slash because an issuer is often a URL. */
export function requestPrincipalTest(values: readonly string[]): (view: View) => boolean {
  const pairs = values.map(principalPair);
  return (view) => {
    if (view.facts.claims === null) return false;
    const issuer = view.claim('iss');
    const subject = view.claim('sub');
    if (issuer === undefined || subject === undefined) return false;
    for (const pair of pairs) if (pair.issuer(issuer) && pair.subject(subject)) return true;
    return false;
  };
}

interface PrincipalPair {
  readonly issuer: TextTest;
  readonly subject: TextTest;
}

function principalPair(value: string): PrincipalPair {
  if (value === '*') return { issuer: PRESENT, subject: PRESENT };
  const slash = value.lastIndexOf('/');
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? '' : value.slice(slash + 1);
  const exact = (text: string): TextTest => patternTest({ kind: 'exact', text });
  if (value.startsWith('*')) {
    const tail = patternTest({ kind: 'suffix', text: issuer.slice(1) });
    if (slash < 0) return { issuer: PRESENT, subject: tail };
    return { issuer: issuer === '*' ? PRESENT : tail, subject: exact(subject) };
  }
  if (value.endsWith('*')) {
    if (slash < 0)
      return { issuer: patternTest({ kind: 'prefix', text: value.slice(0, -1) }), subject: PRESENT };
    const head = patternTest({ kind: 'prefix', text: subject.slice(0, -1) });
    return { issuer: exact(issuer), subject: subject === '*' ? PRESENT : head };
  }
  return { issuer: exact(issuer), subject: exact(subject) };
}

/** Claims that hold a list in one text, separated by spaces. @source Istio `spaceDelimitedClaims`, its fixed part */
const SPACE_DELIMITED = new Set(['scope', 'permission']);

/** The claim at `path` is a text that matches, or a list with one that does. */
export function claimTest(path: readonly string[], values: readonly string[]): (view: View) => boolean {
  const test = textTest(values);
  const delimited = path.length === 1 && SPACE_DELIMITED.has(path[0]!);
  return (view) => {
    let value: unknown = view.facts.claims;
    for (const name of path) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      if (!Object.hasOwn(value, name)) return false;
      value = (value as Record<string, unknown>)[name];
    }
    if (typeof value === 'string') return test(value) || (delimited && value.split(' ').some(test));
    if (!Array.isArray(value)) return false;
    for (const element of value) if (typeof element === 'string' && test(element)) return true;
    return false;
  };
}
