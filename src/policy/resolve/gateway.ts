/**
 * Which hosts of which namespaces a Gateway lets VirtualServices speak for.
 * @source Istio `pilot/pkg/networking/core/gateway.go` pickMatchingGatewayHosts; spec traffic.md §6
 */
import type { GatewaySpec } from '../kinds/gateway.js';
import { hostMatches } from '../kinds/hosts.js';
import type { Typed } from './typed.js';

/** May a VirtualService of `namespace` speak for `host` at the gateway? A Gateway that is not among the resources forbids nothing. */
export function opensHost(gateway: Typed<GatewaySpec> | undefined, namespace: string, host: string): boolean {
  if (gateway === undefined) return true;
  return (gateway.spec.servers ?? []).some(({ hosts }) =>
    (hosts ?? []).some((entry) => {
      const slash = entry.indexOf('/');
      const owner = slash < 0 ? '*' : entry.slice(0, slash);
      const name = entry.slice(slash + 1).toLowerCase();
      const from = owner === '.' ? gateway.metadata.namespace : owner;
      return (from === '*' || from === namespace) && hostMatches(name, host);
    }),
  );
}
