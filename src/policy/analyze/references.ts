/**
 * IST0101: a VirtualService names a host, port, subset or gateway that does not exist, or an AuthorizationPolicy a namespace.
 * As in Istio an unknown host is an error, also where it is only known at run time: say so with a Service document, or hand the
 * registered services in.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/{destinationhosts,destinationrules,gateways}.go`
 */

import { isIp } from '../kinds/common.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { nearest } from '../nearest.js';
import { fullGateway } from '../resolve/names.js';
import { type DestinationUse, destinationsOf } from './destinations.js';
import { SubsetDirectory } from './subsets.js';
import type { Analyzer, Report, Subject, World } from './world.js';

/** Comparing every unknown host with every known one takes long in a large mesh, and the hint is only a kindness. */
const MOST_NAMES_COMPARED = 500;

export const references: Analyzer = (world, report) => {
  const subsets = new SubsetDirectory(world.destinationRules);
  for (const subject of world.virtualServices) {
    for (const use of destinationsOf(subject)) checkDestination(use, subject, world, subsets, report);
    checkGateways(subject, world, report);
  }
  checkNamespaces(world, report);
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
    const names = world.services.names();
    const near = names.length > MOST_NAMES_COMPARED ? undefined : nearest(host, names);
    const hint =
      near === undefined
        ? 'add a Service or ServiceEntry for it'
        : near === host
          ? 'it is not exported to the namespaces that see this rule'
          : `did you mean '${near}'?`;
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

function checkGateways(subject: Subject<VirtualServiceSpec>, world: World, report: Report): void {
  for (const [index, gateway] of (subject.spec.gateways ?? []).entries()) {
    const full = fullGateway(gateway, subject.metadata.namespace);
    if (full === 'mesh' || world.unread.has(`Gateway ${full}`)) continue;
    report(subject, missing(['spec', 'gateways', index], `gateway '${full}' is not among the resources`));
  }
}

/** Only where Namespace documents say which namespaces there are. */
function checkNamespaces(world: World, report: Report): void {
  const known = [...world.unread]
    .filter((entry) => entry.startsWith('Namespace '))
    .map((entry) => entry.slice(entry.indexOf('/') + 1));
  if (known.length === 0) return;
  for (const { resource } of world.all) known.push(resource.metadata.namespace);
  for (const subject of world.authorizationPolicies)
    for (const [rule, { from }] of (subject.spec.rules ?? []).entries())
      for (const [entry, { source }] of (from ?? []).entries())
        for (const field of ['namespaces', 'notNamespaces'] as const)
          for (const [index, value] of (source?.[field] ?? []).entries()) {
            const pattern = value.split('*');
            const matched = known.some((name) =>
              pattern.length === 1 ? name === value : matchesPieces(name, pattern),
            );
            const path = ['spec', 'rules', rule, 'from', entry, 'source', field, index];
            if (!matched) report(subject, missing(path, `namespace '${value}' does not exist`));
          }
}

function matchesPieces(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  return name.length >= first.length + last.length && name.startsWith(first) && name.endsWith(last);
}
