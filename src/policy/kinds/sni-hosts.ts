/**
 * Names that TLS clients ask for (SNI).
 * @source Istio `agent/validation.go` ValidateWildcardDomainForVirtualServiceBoundToGateway
 */
import { lengthFault, wildcardFault } from './addresses.js';

/** What is wrong with a name, or null. At a gateway it may be one that Istio's proxies make up: `outbound_.PORT_._.HOST`. */
export function sniHostFault(
  name: string,
  where: { readonly atGateway: boolean; readonly sni: boolean },
): string | null {
  if (!where.atGateway || !where.sni || !name.startsWith('outbound_')) return wildcardFault(name);
  const fault = lengthFault(name);
  if (fault !== null) return fault;
  const [, port = '', , host] = name.split('_');
  if (host === undefined || !/\d/.test(port) || !/[a-z]/i.test(host))
    return 'a name of a proxy for a service looks like outbound_.PORT_._.HOST';
  return null;
}
