/**
 * References to gateways.
 * @source Istio `validation.go` validateGatewayNames
 */
import { fqdnFault, isDnsLabel } from './common.js';
import type { FieldPath, Findings } from './kind.js';

/**
 * Every name is looked at. (Istio stops at the first one without a namespace, `mesh` too, so it takes anything after that.)
 * Names of gateways: `mesh`, `gw`, `ns/gw`, or the old `gw.ns…`; not `./gw`.
 */
export function checkGateways(gateways: readonly string[], path: FieldPath, findings: Findings): void {
  for (const [index, gateway] of gateways.entries()) {
    const at = [...path, index];
    const parts = gateway.split('/');
    if (parts.length === 1 && gateway.includes('.')) {
      findings.warning(at, `'${gateway}' is the old way to name a gateway; write namespace/name`);
      const fault = fqdnFault(gateway);
      if (fault !== null) findings.error(at, `'${gateway}' is not a gateway: ${fault}`);
    } else if (parts.length > 2 || !parts.every(isDnsLabel))
      findings.error(at, `'${gateway}' is not a gateway: expected 'mesh', 'name' or 'namespace/name'`);
  }
}
