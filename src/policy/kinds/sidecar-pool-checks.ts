/**
 * Connection pools on the way in. One limit is carried out, that on calls; Istio's rules are those of the way out.
 * @source Istio `pkg/config/validation/validation.go` validateConnectionPool
 */
import { checkConnectionPool } from './connection-pool-checks.js';
import type { ConnectionPoolSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

const CARRIED_OUT = 'http2MaxRequests';

export function checkInboundPool(
  pool: ConnectionPoolSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  // What has no effect on the way out is another matter.
  checkConnectionPool(pool, path, { ...findings, info: () => undefined });
  for (const side of ['tcp', 'http'] as const)
    for (const field of Object.keys(pool?.[side] ?? {}))
      if (field !== CARRIED_OUT)
        findings.info(
          [...path, side, field],
          'it has no effect: on the way in Heddle limits calls (http2MaxRequests); connections are kept by the server of the process, and nothing waits for one',
        );
}
