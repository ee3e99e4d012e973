/**
 * IST0145: two Gateways for the same workloads have a server for the same port and host; only the older one's is heard.
 * @source Istio `pkg/config/analysis/analyzers/gateway/conflictinggateway.go`; `pilot/pkg/model/gateway.go` CheckDuplicates
 */
import type { GatewayServerSpec, GatewaySpec } from '../kinds/gateway.js';
import { fewNames } from './few-names.js';
import { type Labels, labelsOf, selects } from './selectors.js';
import type { Analyzer, KnownWorkload, Subject } from './world.js';

export const conflictingGateways: Analyzer = ({ gateways, workloads }, report) => {
  const claims = new Map<string, Claim[]>();
  for (const gateway of gateways.all) {
    const { selector } = gateway.spec;
    const claim = { gateway, selector, selected: labelsOf(selector) };
    for (const server of gateway.spec.servers ?? [])
      for (const host of server.hosts ?? []) {
        const present = claims.get(keyOf(server, host));
        if (present === undefined) claims.set(keyOf(server, host), [claim]);
        else present.push(claim);
      }
  }
  for (const gateway of gateways.asked) {
    const selected = labelsOf(gateway.spec.selector);
    for (const [index, server] of (gateway.spec.servers ?? []).entries())
      for (const host of server.hosts ?? []) {
        const present = claims.get(keyOf(server, host)) ?? [];
        const names = fewNames(
          rivals({ gateway, selector: gateway.spec.selector, selected }, present, workloads),
        );
        if (names === '') continue;
        report(gateway, {
          code: 'IST0145',
          level: 'error',
          path: ['spec', 'servers', index, 'hosts'],
          message: `${names} serves ${host} on port ${server.port?.number ?? 0} of the same workloads, too; only the oldest is heard. Merge them`,
        });
        break;
      }
  }
};

interface Claim {
  readonly gateway: Subject<GatewaySpec>;
  readonly selector: Labels | undefined;
  /** The selector as text. */
  readonly selected: string;
}

/** Port, address and host: who shares none of them is in nobody's way. */
function keyOf({ port, bind }: GatewayServerSpec, host: string): string {
  return JSON.stringify([port?.number ?? 0, bind ?? '', host]);
}

/** Others with the same selector; or with one that asks for more, and a workload that both select. */
function* rivals(
  one: Claim,
  claims: readonly Claim[],
  workloads: readonly KnownWorkload[] | null,
): Generator<string> {
  for (const other of claims) {
    if (other.gateway.id === one.gateway.id) continue;
    if (one.selected === other.selected) yield other.gateway.id;
    else if (
      (selects(one.selector, other.selector ?? {}) || selects(other.selector, one.selector ?? {})) &&
      workloads?.some(({ labels }) => selects(one.selector, labels) && selects(other.selector, labels))
    )
      yield other.gateway.id;
  }
}
