/** Whom CUSTOM cannot ask: what such a policy matches is refused, as Istio does. And mesh configuration that nobody reads. */
import { ROOT_NAMESPACE } from '../resolve/names.js';
import type { Analyzer } from './world.js';

export const customProviders: Analyzer = ({ authorizationPolicies, meshConfigs }, report) => {
  for (const subject of meshConfigs.asked)
    if (subject.metadata.namespace !== ROOT_NAMESPACE)
      report(subject, {
        code: 'HDL0006',
        level: 'info',
        path: ['metadata', 'namespace'],
        message: `nobody reads it: the mesh has one configuration, in the namespace ${ROOT_NAMESPACE}; write it there`,
      });
  const known = meshConfigs.all
    .filter(({ metadata }) => metadata.namespace === ROOT_NAMESPACE)
    .flatMap(({ spec }) => spec.extensionProviders ?? [])
    .map(({ name }) => name);
  for (const subject of authorizationPolicies.asked) {
    const name = subject.spec.provider?.name ?? '';
    if (subject.spec.action !== 'CUSTOM' || name === '') continue;
    const count = known.filter((other) => other === name).length;
    if (count === 1) continue;
    const wrong = count === 0 ? `no provider '${name}' is known` : `${count} providers are called '${name}'`;
    report(subject, {
      code: 'HDL0006',
      level: 'info',
      path: ['spec', 'provider', 'name'],
      message: `${wrong}: whatever these rules match is refused, as Istio does; name it once in the extensionProviders of a MeshConfig in ${ROOT_NAMESPACE}`,
    });
  }
};
