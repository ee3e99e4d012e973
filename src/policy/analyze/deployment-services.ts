/**
 * What several Services make of one Deployment. IST0116: one port with different protocols. IST0137: one port of the process behind
 * different ports of Services. Only where Deployments are among the files.
 * @source Istio `pkg/config/analysis/analyzers/deployment/services.go`
 */
import type { ServiceSpec } from '../kinds/service.js';
import { fewNames } from './few-names.js';
import { textsIn } from './kubernetes.js';
import { selects } from './selectors.js';
import type { Analyzer, Report, Subject } from './world.js';

type ServicePort = NonNullable<ServiceSpec['ports']>[number];

interface Exposed {
  readonly service: Subject<ServiceSpec>;
  readonly port: ServicePort;
}

export const deploymentServices: Analyzer = ({ kubernetes, plainServices }, report) => {
  for (const { parsed, namespace, labels, outOfMesh } of kubernetes.templates) {
    if (outOfMesh) continue;
    const exposed: Exposed[] = [];
    for (const service of plainServices.all) {
      const selector = textsIn(service.spec.selector);
      if (service.metadata.namespace !== namespace || Object.keys(selector).length === 0) continue;
      if (selects(selector, labels))
        for (const port of service.spec.ports ?? []) exposed.push({ service, port });
    }
    compare(
      exposed,
      ({ port }) => String(port.port),
      ({ port }) => port.protocol ?? 'TCP',
      (key, all) =>
        tell(
          report,
          parsed,
          'IST0116',
          `port ${key} has different protocols in the Services ${all}; make them agree`,
        ),
    );
    compare(
      exposed,
      targetOf,
      ({ port }) => String(port.port),
      (key, all) =>
        tell(
          report,
          parsed,
          'IST0137',
          `target port ${key} is behind different ports of the Services ${all}; make the ports agree`,
        ),
    );
  }
};

function targetOf({ port }: Exposed): string {
  const target = String(port.targetPort ?? '');
  return target === '' || target === '0' ? String(port.port) : target;
}

/** Tells each key whose entries differ in a value, with the Services that they are of. */
function compare(
  exposed: readonly Exposed[],
  keyOf: (one: Exposed) => string,
  differsIn: (one: Exposed) => string,
  differ: (key: string, services: string) => void,
): void {
  const groups = new Map<string, Exposed[]>();
  for (const one of exposed) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  for (const [key, group] of groups)
    if (new Set(group.map(differsIn)).size > 1) differ(key, fewNames(group.map(({ service }) => service.id)));
}

function tell(report: Report, parsed: Subject<unknown>['parsed'], code: string, message: string): void {
  report({ parsed }, { code, level: 'warning', path: ['metadata', 'name'], message });
}
