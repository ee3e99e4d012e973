/**
 * IST0174: a DestinationRule for a host that nobody knows has no effect. IST0173: a subset that selects none of the endpoints: of those
 * that ServiceEntries list, and of the workloads that documents of Kubernetes among the files describe.
 * @source Istio `pkg/config/analysis/analyzers/destinationrule/subset.go`
 */
import { fullName } from '../resolve/names.js';
import type { KnownService } from '../resolve/services.js';
import { hintFor } from './references.js';
import { type Labels, selects } from './selectors.js';
import type { Analyzer, World } from './world.js';

export const destinationRuleHosts: Analyzer = (world, report) => {
  for (const rule of world.destinationRules.asked) {
    const { namespace } = rule.metadata;
    const host = fullName(rule.spec.host, namespace);
    const found = (rule.spec.exportTo?.length ? rule.spec.exportTo : [namespace]).flatMap((to) =>
      world.services.find(host, to === '.' ? namespace : to),
    );
    if (found.length === 0) {
      report(rule, {
        code: 'IST0174',
        level: 'warning',
        path: ['spec', 'host'],
        message: `host '${host}' is not known here, so this has no effect; ${hintFor(host, world.services)}`,
      });
      continue;
    }
    const endpoints = endpointLabels(found, world);
    if (endpoints === null) continue;
    for (const [index, { name, labels = {} }] of (rule.spec.subsets ?? []).entries()) {
      const asked = withoutPlaces(labels);
      if (asked !== null && endpoints.some((own) => selects(asked, own))) continue;
      report(rule, {
        code: 'IST0173',
        level: 'error',
        path: ['spec', 'subsets', index, 'labels'],
        message: `subset '${name}' selects no endpoint of '${host}'; compare its labels with theirs`,
      });
    }
  }
};

/** Where a workload runs is not known from its own labels. null: a place without a name, where nothing is. */
function withoutPlaces(labels: Labels): Labels | null {
  const places = /^(topology\.(kubernetes|istio)\.io\/|kubernetes\.io\/hostname$)/;
  const entries = Object.entries(labels);
  if (entries.some(([key, value]) => places.test(key) && value === '')) return null;
  return Object.fromEntries(entries.filter(([key]) => !places.test(key)));
}

/** Labels of all endpoints; null: nobody knows them all. */
function endpointLabels(found: readonly KnownService[], world: World): Labels[] | null {
  const listed: Labels[] = [];
  for (const { entry, location } of found) {
    const { endpoints = [], workloadSelector } = entry?.spec ?? {};
    for (const { labels } of endpoints) listed.push(labels ?? {});
    if (endpoints.length > 0) continue;
    // Of those that run now the next may bring the subset: a rule is written before the version that it sends calls to is started.
    const { workloads } = world.kubernetes;
    if (workloads === null) return null;
    // An external service without endpoints is looked up by name: it has one, without labels.
    if (entry !== null && location === 'external' && workloadSelector === undefined) listed.push({});
    const chosen = workloadSelector?.labels;
    const entries = entry === null ? [] : world.workloadEntries.all;
    for (const { labels } of workloads) if (selects(chosen, labels)) listed.push(labels);
    for (const { spec } of entries) if (selects(chosen, spec.labels ?? {})) listed.push(spec.labels ?? {});
  }
  return listed;
}
