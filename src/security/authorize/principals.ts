/**
 * Tests of parts of a principal (`cluster.local/ns/default/sa/reviews`), made without taking it apart.
 * @source Istio `pilot/pkg/security/authz/model/generator.go`
 */
import { anyTest, globTest, parsePattern, type TextTest } from './matchers.js';

/** Namespaces; `*` stands for any text anywhere in a value. */
export function namespaceTest(values: readonly string[]): TextTest {
  return anyTest(
    values.map((value) => {
      const wanted = `/ns/${value}/`;
      return value.includes('*') ? globTest(wanted.split('*')) : (principal) => principal.includes(wanted);
    }),
  );
}

/** `namespace/name`, exact. What stands between or behind the two pairs is not looked at. */
export function serviceAccountTest(values: readonly string[]): TextTest {
  return anyTest(
    values.map((value) => {
      const slash = value.indexOf('/');
      const namespace = `/ns/${value.slice(0, slash)}/`;
      const account = `/sa/${value.slice(slash + 1)}`;
      return (principal) => {
        const start = principal.indexOf(namespace);
        if (start < 1) return false;
        let at = principal.indexOf(account, start + namespace.length - 1);
        while (at >= 0) {
          const end = at + account.length;
          if (end === principal.length || principal[end] === '/') return true;
          at = principal.indexOf(account, at + 1);
        }
        return false;
      };
    }),
  );
}

/** Trust domains: exact, `prefix*`, `*suffix`, `*`. */
export function trustDomainTest(values: readonly string[]): TextTest {
  return anyTest(
    values.map((value): TextTest => {
      const pattern = parsePattern(value);
      if (pattern.kind === 'present') return (principal) => principal !== '';
      const { text } = pattern;
      // A value has no slash, so a prefix of the principal that is no longer than its domain is a prefix of the domain.
      if (pattern.kind === 'prefix') return (principal) => principal.startsWith(text);
      if (pattern.kind === 'exact') {
        const start = `${text}/`;
        return (principal) => principal.startsWith(start) || principal === text;
      }
      return (principal) => {
        const slash = principal.indexOf('/');
        return principal.endsWith(text, slash < 0 ? principal.length : slash);
      };
    }),
  );
}

/** All trust domains whose peers are our own: the local one and its aliases. */
export interface TrustDomains {
  readonly trustDomain: string;
  /** Former names of it. @default none */
  readonly trustDomainAliases?: readonly string[];
}

/**
 * A principal of the local trust domain, of an alias or of `cluster.local` is one of all of them, so that policy survives a change of
 * the domain's name. Other principals, and patterns in place of the domain, are left alone.
 * @source Istio `pilot/pkg/security/trustdomain/bundle.go`
 */
export function expandPrincipals(values: readonly string[], domains: TrustDomains): readonly string[] {
  return expand(values, domains, (value) => {
    const slash = value.indexOf('/');
    return value.split('/').length >= 5 ? [value.slice(0, slash), value.slice(slash)] : null;
  });
}

export function expandTrustDomains(values: readonly string[], domains: TrustDomains): readonly string[] {
  return expand(values, domains, (value) => [value, '']);
}

function expand(
  values: readonly string[],
  { trustDomain, trustDomainAliases = [] }: TrustDomains,
  split: (value: string) => readonly [domain: string, rest: string] | null,
): readonly string[] {
  const own = [trustDomain, ...trustDomainAliases];
  const expanded = new Set<string>();
  for (const value of values) {
    const parts = split(value);
    if (parts !== null && (own.includes(parts[0]) || parts[0] === 'cluster.local')) {
      for (const domain of own) expanded.add(domain + parts[1]);
    } else expanded.add(value);
  }
  return [...expanded];
}
