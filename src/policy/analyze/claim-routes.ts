/**
 * IST0149: a gateway's route asks for claims of a token, and no RequestAuthentication checks tokens at the gateway's workloads, so the
 * route never matches. Only where it is known which workloads there are.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/jwtclaimroute.go`, `pkg/jwt/routing.go`
 */
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullGateway, ROOT_NAMESPACE } from '../resolve/names.js';
import { selects } from './selectors.js';
import { type Analyzer, nameOf } from './world.js';

/** `@request.auth.claims.group`, or `@request.auth.claims[group]`. */
const CLAIM = /^@request\.auth\.claims[.[]/i;

export const claimRoutes: Analyzer = (world, report) => {
  const known = new Map(world.gateways.all.map((gateway) => [gateway.id, gateway]));
  for (const subject of world.virtualServices.asked) {
    const claim = claimOf(subject.spec);
    if (claim === null) continue;
    for (const written of subject.spec.gateways ?? []) {
      const gateway = known.get(fullGateway(written, subject.metadata.namespace));
      if (gateway === undefined) continue;
      const open = (world.workloads ?? []).find(
        (workload) =>
          selects(gateway.spec.selector, workload.labels) &&
          !world.requestAuthentications.all.some(
            ({ spec, metadata: { namespace } }) =>
              (namespace === ROOT_NAMESPACE || namespace === workload.namespace) &&
              selects(spec.selector?.matchLabels, workload.labels),
          ),
      );
      if (open === undefined) continue;
      report(subject, {
        code: 'IST0149',
        level: 'error',
        path: claim.path,
        message: `'${claim.key}' asks for a claim, and no RequestAuthentication checks tokens at workload '${nameOf(open)}' of gateway ${gateway.id}; add one that selects it`,
      });
      break;
    }
  }
};

function claimOf({
  http = [],
}: VirtualServiceSpec): { readonly key: string; readonly path: FieldPath } | null {
  for (const [index, { match = [] }] of http.entries())
    for (const [place, one] of match.entries())
      for (const part of ['headers', 'withoutHeaders'] as const)
        for (const key of Object.keys(one[part] ?? {}))
          if (CLAIM.test(key)) return { key, path: ['spec', 'http', index, 'match', place, part, key] };
  return null;
}
