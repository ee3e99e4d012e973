/**
 * IST0101: a VirtualService names a host, port or subset that does not exist. As in Istio an unknown host is an error, also where it is
 * only known at run time: say so with a Service document, or hand the registered services in.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/{destinationhosts,destinationrules}.go`
 */

import { isIp } from '../kinds/common.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { nearest } from '../nearest.js';
import { type DestinationUse, destinationsOf } from './destinations.js';
import type { ServiceDirectory } from './services.js';
import { SubsetDirectory } from './subsets.js';
import type { Analyzer, Report, Subject, World } from './world.js';

/** Comparing every unknown host with every known one takes long in a large mesh, and the hint is only a kindness. */
const MOST_NAMES_COMPARED = 500;

export const references: Analyzer = (world, report) => {
  const subsets = new SubsetDirectory(world.destinationRules.all);
  for (const subject of world.virtualServices.asked)
    for (const use of destinationsOf(subject)) checkDestination(use, subject, world, subsets, report);
};

function missing(path: FieldPath, message: string) {
  return { code: 'IST0101', level: 'error', path, message } as const;
}

function checkDestination(
  { path, target, host }: DestinationUse,
  subject: Subject<VirtualServiceSpec>,
  world: World,
  subsets: SubsetDirectory,
  report: Report,
): void {
  if (isIp(host)) return;
  const found = world.services.findFor(host, subject);
  if (found.length === 0) {
    const hint = hintFor(host, world.services);
    report(subject, missing([...path, 'host'], `host '${host}' is not known here; ${hint}`));
  } else {
    const ports = [...new Set(found.flatMap((service) => service.ports.map(({ number }) => number)))];
    const port = target.port?.number;
    if (port !== undefined && ports.length > 0 && !ports.includes(port))
      report(
        subject,
        missing([...path, 'port', 'number'], `'${host}' has no port ${port}: expected ${ports.join(' or ')}`),
      );
  }
  if ((target.subset ?? '') !== '') checkSubset(target.subset!, host, path, subject, subsets, report);
}

/** What to do about a host that nobody knows. */
export function hintFor(host: string, services: ServiceDirectory): string {
  const names = services.names();
  const near = names.length > MOST_NAMES_COMPARED ? undefined : nearest(host, names);
  if (near === undefined) return 'add a Service or ServiceEntry for it';
  return near === host
    ? 'it is not exported to the namespaces that see this rule'
    : `did you mean '${near}'?`;
}

function checkSubset(
  subset: string,
  host: string,
  path: FieldPath,
  subject: Subject<VirtualServiceSpec>,
  subsets: SubsetDirectory,
  report: Report,
): void {
  const names = subsets.of(host);
  if (names?.includes(subset)) return;
  const hint =
    names === null
      ? `no DestinationRule speaks for '${host}'; add one with this subset`
      : `'${host}' has ${names.length === 0 ? 'no subsets' : names.join(', ')}`;
  report(subject, missing([...path, 'subset'], `subset '${subset}' is not defined: ${hint}`));
}
