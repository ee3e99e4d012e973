/**
 * Connection pools on the way in. Two of their limits are carried out, those on calls; Istio's rules are those of the way out.
 * @source Istio `pkg/config/validation/validation.go` validateConnectionPool
 */
import { checkConnectionPool } from './connection-pool-checks.js';
import type { ConnectionPoolSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

const CARRIED_OUT = ['http1MaxPendingRequests', 'http2MaxRequests'];

export function checkInboundPool(
  pool: ConnectionPoolSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  // What has no effect on the way out is another matter.
  checkConnectionPool(pool, path, { ...findings, info: () => undefined });
  for (const side of ['tcp', 'http'] as const)
    for (const field of Object.keys(pool?.[side] ?? {}))
      if (!CARRIED_OUT.includes(field))
        findings.info(
          [...path, side, field],
          'it has no effect: on the way in Heddle limits calls (http2MaxRequests, http1MaxPendingRequests); connections are kept by the server of the process',
        );
}
