/**
 * IST0174: a DestinationRule for a host that nobody knows has no effect. IST0173: a subset that selects none of the endpoints that a
 * ServiceEntry lists. (Which workloads run is not known from files, so nothing is said about other hosts.)
 * @source Istio `pkg/config/analysis/analyzers/destinationrule`
 */
import { fullName } from '../resolve/names.js';
import type { KnownService } from '../resolve/services.js';
import type { Analyzer } from './world.js';

export const destinationRuleHosts: Analyzer = (world, report) => {
  for (const rule of world.destinationRules) {
    const host = fullName(rule.spec.host, rule.metadata.namespace);
    const found = world.services.find(host, rule.metadata.namespace);
    if (found.length === 0) {
      report(rule, {
        code: 'IST0174',
        level: 'warning',
        path: ['spec', 'host'],
        message: `host '${host}' is not known here, so this has no effect; add a Service or ServiceEntry for it`,
      });
      continue;
    }
    const listed = endpointLabels(found);
    if (listed === null) continue;
    for (const [index, { name, labels = {} }] of (rule.spec.subsets ?? []).entries()) {
      const selects = listed.some((own) =>
        Object.entries(labels).every(([key, value]) => own[key] === value),
      );
      if (!selects)
        report(rule, {
          code: 'IST0173',
          level: 'error',
          path: ['spec', 'subsets', index, 'labels'],
          message: `subset '${name}' selects no endpoint of '${host}'; compare its labels with theirs`,
        });
    }
  }
};

/** Labels of all endpoints, if ServiceEntries list them all; else null. */
function endpointLabels(found: readonly KnownService[]): Readonly<Record<string, string>>[] | null {
  const listed: Readonly<Record<string, string>>[] = [];
  for (const { entry } of found) {
    const endpoints = entry?.spec.endpoints ?? [];
    if (endpoints.length === 0) return null;
    for (const { labels } of endpoints) listed.push(labels ?? {});
  }
  return listed;
}
