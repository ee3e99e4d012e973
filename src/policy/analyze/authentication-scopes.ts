/** HDL0005: a PeerAuthentication that an older one of the same scope shuts out, or one whose selector stands in the root namespace. */
import { ROOT_NAMESPACE } from '../resolve/names.js';
import { compareAge } from '../resolve/order.js';
import type { Analyzer } from './world.js';

export const authenticationScopes: Analyzer = ({ peerAuthentications }, report) => {
  const asked = new Set(peerAuthentications.asked);
  const scopes = new Map<string, string>();
  for (const subject of [...peerAuthentications.all].sort(compareAge)) {
    const { namespace, name } = subject.metadata;
    const labels = Object.entries(subject.spec.selector?.matchLabels ?? {}).sort();
    const ineffective = (message: string) => {
      if (asked.has(subject)) report(subject, { code: 'HDL0005', level: 'warning', path: ['spec'], message });
    };
    if (namespace === ROOT_NAMESPACE && labels.length > 0)
      ineffective(
        `a selector in ${ROOT_NAMESPACE} selects nothing; move it to the namespace of the workloads`,
      );
    const scope = JSON.stringify([namespace, labels]);
    const older = scopes.get(scope);
    if (older === undefined) scopes.set(scope, name);
    else
      ineffective(`${namespace}/${older} has the same scope and comes first; this has no effect, merge them`);
  }
};
