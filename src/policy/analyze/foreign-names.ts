/**
 * HDL0010: a name, or the calls to it, of another namespace. Istio takes both without a word; whoever may write in one namespace then
 * decides where calls of all others go.
 */
import { fullName, ROOT_NAMESPACE } from '../resolve/names.js';
import type { Analyzer } from './world.js';

export const foreignNames: Analyzer = (world, report) => {
  shadowingEntries(world, report);
  foreignRoutes(world, report);
};

/** A ServiceEntry of host `reviews.b` is what callers of Service `reviews` in namespace `b` reach by that name. */
const shadowingEntries: Analyzer = ({ serviceEntries, plainServices }, report) => {
  if (serviceEntries.asked.length === 0) return;
  const services = new Set(plainServices.all.map(({ metadata }) => `${metadata.name}.${metadata.namespace}`));
  for (const subject of serviceEntries.asked)
    for (const [index, host] of (subject.spec.hosts ?? []).entries()) {
      const short = host.toLowerCase().replace(/\.svc$/, '');
      if (!services.has(short) || short.split('.').length !== 2) continue;
      const [name, namespace] = short.split('.');
      report(subject, {
        code: 'HDL0010',
        level: 'warning',
        path: ['spec', 'hosts', index],
        message: `'${host}' is also what callers write for the Service ${name} of namespace ${namespace}: they reach this entry instead; choose another host, or the full name of the Service if that is meant`,
      });
    }
};

/** Rules for a host of another namespace, that callers everywhere hear of. */
const foreignRoutes: Analyzer = ({ virtualServices, services }, report) => {
  for (const subject of virtualServices.asked) {
    const { metadata, spec } = subject;
    const { gateways = [], exportTo = [], hosts = [] } = spec;
    const forAll = exportTo.length === 0 || exportTo.includes('*');
    const ofMesh = gateways.length === 0 || gateways.includes('mesh');
    if (!forAll || !ofMesh || metadata.namespace === ROOT_NAMESPACE) continue;
    for (const [index, host] of hosts.entries()) {
      if (host.startsWith('*')) continue;
      const found = services.find(fullName(host, metadata.namespace), metadata.namespace);
      if (found.length === 0 || found.some(({ namespace }) => namespace === metadata.namespace)) continue;
      report(subject, {
        code: 'HDL0010',
        level: 'warning',
        path: ['spec', 'hosts', index],
        message: `'${host}' is of namespace ${found[0]!.namespace}, and callers of every namespace follow these rules; write exportTo: ['.'] to route the calls of this namespace only, or put the rules beside the host`,
      });
    }
  }
};
