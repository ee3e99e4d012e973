/**
 * IST0112: a destination has to name its port when the service has several.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/destinationhosts.go`
 */
import { destinationsOf } from './destinations.js';
import type { Analyzer } from './world.js';

export const destinationPorts: Analyzer = (world, report) => {
  for (const subject of world.virtualServices.asked)
    for (const { path, target, host } of destinationsOf(subject)) {
      if (target.port !== undefined) continue;
      const found = world.services.findFor(host, subject);
      const ports = [...new Set(found.flatMap((service) => service.ports.map(({ number }) => number)))];
      if (ports.length < 2) continue;
      report(subject, {
        code: 'IST0112',
        level: 'error',
        path: [...path, 'port'],
        message: `'${host}' has ports ${ports.join(', ')}; add 'port: { number: … }' to say which`,
      });
    }
};
