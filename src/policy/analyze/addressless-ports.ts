/**
 * IST0134: ports of a ServiceEntry that only an address could tell apart, and it has none. Istio gives out addresses by itself in most
 * meshes, so validation warns only where it never does; here nobody gives them out, and this tells of the others.
 * @source Istio `pkg/config/analysis/analyzers/serviceentry/protocoladdresses.go`
 */
import { allocatesAddresses, NEEDS_ADDRESSES } from '../kinds/service-entry-ports-checks.js';
import type { Analyzer } from './world.js';

export const addresslessPorts: Analyzer = ({ serviceEntries }, report) => {
  for (const subject of serviceEntries.asked) {
    const { spec, metadata } = subject;
    if ((spec.addresses ?? []).length > 0) continue;
    const allocated = allocatesAddresses(spec.resolution ?? 'NONE', metadata);
    for (const [index, { protocol = '' }] of (spec.ports ?? []).entries()) {
      const stream = protocol === '' || protocol.toUpperCase() === 'TCP';
      // Validation has spoken of those that it takes for TCP: the word in capitals, or none.
      const told = !allocated && (protocol === '' || protocol === 'TCP');
      if (stream && !told)
        report(subject, {
          code: 'IST0134',
          level: 'warning',
          path: ['spec', 'ports', index],
          message: NEEDS_ADDRESSES,
        });
    }
  }
};
