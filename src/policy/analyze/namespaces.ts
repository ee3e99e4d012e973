/**
 * IST0101: an AuthorizationPolicy names a namespace that does not exist; only where Namespace documents say which there are.
 * @source Istio `pkg/config/analysis/analyzers/authz/authorizationpolicies.go`
 */
import type { Analyzer } from './world.js';

export const namespaces: Analyzer = ({ kubernetes, authorizationPolicies, asked }, report) => {
  if (kubernetes.namespaces.size === 0) return;
  const known = new Set(kubernetes.namespaces.keys());
  for (const { resource } of asked) known.add(resource.metadata.namespace);
  for (const subject of authorizationPolicies.asked)
    for (const [rule, { from }] of (subject.spec.rules ?? []).entries())
      for (const [entry, { source }] of (from ?? []).entries())
        for (const field of ['namespaces', 'notNamespaces'] as const)
          for (const [index, value] of (source?.[field] ?? []).entries()) {
            if (exists(value, known)) continue;
            report(subject, {
              code: 'IST0101',
              level: 'error',
              path: ['spec', 'rules', rule, 'from', entry, 'source', field, index],
              message: `namespace '${value}' does not exist; correct it, or add its Namespace document`,
            });
          }
};

/** A `*` at either end stands for any text. */
function exists(value: string, known: ReadonlySet<string>): boolean {
  if (value.startsWith('*')) return [...known].some((name) => name.endsWith(value.slice(1)));
  if (value.endsWith('*')) return [...known].some((name) => name.startsWith(value.slice(0, -1)));
  return known.has(value.toLowerCase());
}
