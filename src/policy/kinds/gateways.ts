/**
 * References to gateways.
 * @source Istio `validation.go` validateGatewayNames
 */
import { fqdnFault, isDnsLabel } from './addresses.js';
import type { FieldPath, Findings } from './kind.js';

/**
 * Names of gateways: `mesh`, `gw`, `ns/gw`, or the old `gw.ns…`; not `./gw`. Istio looks no further than the first name without a
 * namespace, `mesh` too; what is wrong behind it is said without being an error.
 */
export function checkGateways(gateways: readonly string[], path: FieldPath, findings: Findings): void {
  let looked = true;
  for (const [index, gateway] of gateways.entries()) {
    const at = [...path, index];
    const slash = gateway.indexOf('/');
    const fault = slash < 0 ? fqdnFault(gateway) : namespacedFault(gateway, slash);
    if (fault !== null) {
      if (looked) findings.error(at, `'${gateway}' is not a gateway: ${fault}`);
      else findings.info(at, `'${gateway}' names no gateway: ${fault}`);
    }
    if (slash >= 0) continue;
    if (looked && gateway.includes('.'))
      findings.warning(at, `'${gateway}' is the old way to name a gateway; write namespace/name`);
    looked = false;
  }
}

function namespacedFault(gateway: string, slash: number): string | null {
  const named = isDnsLabel(gateway.slice(0, slash)) && isDnsLabel(gateway.slice(slash + 1));
  return named ? null : "expected 'mesh', 'name' or 'namespace/name'";
}

/** Is a VirtualService bound to gateways alone, not to the mesh? */
export function atGatewaysOnly(gateways: readonly string[] | undefined): boolean {
  return gateways !== undefined && gateways.length > 0 && !gateways.includes('mesh');
}
