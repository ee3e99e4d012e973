/**
 * HDL0009: a rule delegates to a VirtualService that is not there, or that cannot be a delegate. HDL0005: a VirtualService without hosts
 * to which nobody delegates. Istio has no word on either; the rule is then left out.
 */
import { delegatesOf } from '../resolve/delegates.js';
import { exported } from '../resolve/names.js';
import type { Analyzer } from './world.js';

export const delegates: Analyzer = ({ virtualServices }, report) => {
  const known = new Map(virtualServices.all.map((one) => [one.id, one]));
  const wanted = new Set(virtualServices.all.flatMap((one) => delegatesOf(one)));
  for (const subject of virtualServices.asked) {
    const { namespace } = subject.metadata;
    if ((subject.spec.hosts ?? []).length === 0 && !wanted.has(subject.id))
      report(subject, {
        code: 'HDL0005',
        level: 'warning',
        path: ['spec'],
        message:
          'it has no hosts and no VirtualService delegates to it, so it has no effect; name it as a delegate, or give it hosts',
      });
    for (const [index, { delegate }] of (subject.spec.http ?? []).entries()) {
      if (delegate === undefined) continue;
      const { name = '', namespace: of } = delegate;
      const id = `${of || namespace}/${name}`;
      const found = known.get(id);
      const wrong =
        found === undefined
          ? 'is not there; add it'
          : (found.spec.hosts ?? []).length > 0
            ? 'has hosts of its own, so it is no part of another; take them out'
            : exported(found.spec.exportTo, found.metadata.namespace, namespace) === null
              ? `is not exported to '${namespace}'; add it to its exportTo`
              : null;
      if (wrong !== null)
        report(subject, {
          code: 'HDL0009',
          level: 'warning',
          path: ['spec', 'http', index, 'delegate'],
          message: `VirtualService ${id} ${wrong}. This rule takes no requests until then`,
        });
    }
  }
};
