/**
 * IST0140: a route without a subset to a host whose own VirtualService routes by subsets: calls from a gateway pass those rules by.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/destinationhosts.go` analyzeSubset
 */
import { fullName } from '../resolve/names.js';
import { destinationsOf } from './destinations.js';
import type { Analyzer } from './world.js';

export const passedBySubsets: Analyzer = ({ virtualServices }, report) => {
  const fromGateways = virtualServices.asked.filter(({ spec }) =>
    spec.gateways?.some((gateway) => gateway !== 'mesh'),
  );
  if (fromGateways.length === 0) return;
  const withSubsets = new Map<string, string>();
  for (const subject of virtualServices.all) {
    const own = new Set((subject.spec.hosts ?? []).map((name) => fullName(name, subject.metadata.namespace)));
    for (const { target, host } of destinationsOf(subject))
      if ((target.subset ?? '') !== '' && own.has(host)) withSubsets.set(host, subject.id);
  }
  for (const subject of fromGateways)
    for (const { path, target, host } of destinationsOf(subject)) {
      const other = withSubsets.get(host);
      if ((target.subset ?? '') !== '' || other === undefined || other === subject.id) continue;
      report(subject, {
        code: 'IST0140',
        level: 'warning',
        path: [...path, 'host'],
        message: `calls from a gateway do not pass the rules of ${other} for '${host}'; name the subset here, too`,
      });
    }
};
