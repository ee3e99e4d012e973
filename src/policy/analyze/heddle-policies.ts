/**
 * Policies of `heddle.dev/v1`. HDL0009: for a host that nobody knows. HDL0005: an older one of the same scope shuts it out, or the
 * host's DestinationRule says which endpoint it is, so that there is nothing to choose by latency.
 */
import type { DestinationRuleSpec } from '../kinds/destination-rule.js';
import { fullName } from '../resolve/names.js';
import { compareAge } from '../resolve/order.js';
import { hintFor } from './references.js';
import type { Attached } from './selectors.js';
import type { Analyzer, Report, Subjects, World } from './world.js';

interface HeddlePolicy extends Attached {
  readonly host?: string | undefined;
  readonly exportTo?: readonly string[] | undefined;
}

export const heddlePolicies: Analyzer = (world, report) => {
  checkKind(world.resiliencePolicies, world, report);
  checkKind(world.rateLimits, world, report);
  checkPeakEwma(world, report);
};

function checkPeakEwma({ resiliencePolicies, destinationRules }: World, report: Report): void {
  for (const subject of resiliencePolicies.asked) {
    const { spec, metadata } = subject;
    if (spec.host === undefined || spec.loadBalancer?.peakEwma === undefined) continue;
    const host = fullName(spec.host, metadata.namespace);
    const rule = destinationRules.all.find(
      (one) => fullName(one.spec.host ?? '', one.metadata.namespace) === host && choosesItself(one.spec),
    );
    if (rule === undefined) continue;
    report(subject, {
      code: 'HDL0005',
      level: 'warning',
      path: ['spec', 'loadBalancer', 'peakEwma'],
      message: `${rule.id} says which endpoint of '${host}' a call goes to, so this has no effect; take out one of them`,
    });
  }
}

function choosesItself({ trafficPolicy }: DestinationRuleSpec): boolean {
  const balancer = trafficPolicy?.loadBalancer;
  return balancer?.consistentHash !== undefined || balancer?.simple === 'PASSTHROUGH';
}

function checkKind(policies: Subjects<HeddlePolicy>, world: World, report: Report): void {
  const asked = new Set(policies.asked);
  const scopes = new Map<string, string>();
  for (const subject of [...policies.all].sort(compareAge)) {
    const { spec, metadata, id } = subject;
    const { namespace } = metadata;
    const host = spec.host === undefined ? undefined : fullName(spec.host, namespace);
    const labels = Object.entries(spec.selector?.matchLabels ?? {}).sort();
    const scope = JSON.stringify([namespace, host ?? labels, [...(spec.exportTo ?? [])].sort()]);
    const older = scopes.get(scope);
    if (older === undefined) scopes.set(scope, id);
    if (!asked.has(subject)) continue;
    if (older !== undefined)
      report(subject, {
        code: 'HDL0005',
        level: 'warning',
        path: ['spec', host === undefined ? 'selector' : 'host'],
        message: `${older} is about the same and comes first; this has no effect, merge them`,
      });
    if (host === undefined) continue;
    const namespaces = spec.exportTo?.length ? spec.exportTo : [namespace];
    const found = namespaces.some((to) => world.services.find(host, to === '.' ? namespace : to).length > 0);
    if (!found)
      report(subject, {
        code: 'HDL0009',
        level: 'warning',
        path: ['spec', 'host'],
        message: `host '${host}' is not known here, so this has no effect; ${hintFor(host, world.services)}`,
      });
  }
}
