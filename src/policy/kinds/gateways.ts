/**
 * References to gateways.
 * @source Istio `validation.go` validateGatewayNames
 */
import { isDnsLabel } from './common.js';
import type { FieldPath, Findings } from './kind.js';

/** Names of gateways: `mesh`, `gw`, `ns/gw`, or the old `gw.ns…`. */
export function checkGateways(gateways: readonly string[], path: FieldPath, findings: Findings): void {
  for (const [index, gateway] of gateways.entries()) {
    const at = [...path, index];
    const parts = gateway.split('/');
    if (parts.length === 1 && gateway.includes('.'))
      findings.warning(at, `'${gateway}' is the old way to name a gateway; write namespace/name`);
    else if (
      parts.length > 2 ||
      !parts.every((part, place) => isDnsLabel(part) || (place === 0 && part === '.' && parts.length === 2))
    )
      findings.error(at, `'${gateway}' is not a gateway: expected 'mesh', 'name' or 'namespace/name'`);
  }
}
