/**
 * Policies of `heddle.dev/v1`. HDL0009: for a host that nobody knows. HDL0005: an older one of the same scope shuts it out.
 */
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
};

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
