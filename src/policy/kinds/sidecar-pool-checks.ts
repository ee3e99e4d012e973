/**
 * Connection pools on the way in: what their schema cannot say. Two of their limits are carried out, those on calls.
 * @source Istio `pkg/config/validation/validation.go` validateConnectionPool
 */
import { checkDuration } from './common.js';
import type { ConnectionPoolSpec } from './destination-rule.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';

const CARRIED_OUT = ['http1MaxPendingRequests', 'http2MaxRequests'];

export function checkInboundPool(
  pool: ConnectionPoolSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  if (pool === undefined) return;
  const { tcp, http } = pool;
  if (tcp === undefined && http === undefined) findings.error(path, "it is empty; set 'tcp' or 'http'");
  for (const [side, fields] of Object.entries({ tcp, http }))
    for (const [field, value] of Object.entries(fields ?? {})) {
      if (typeof value === 'number' && value < 0)
        findings.error([...path, side, field], `${value} is negative`);
      if (!CARRIED_OUT.includes(field))
        findings.info(
          [...path, side, field],
          'it has no effect: on the way in Heddle limits calls (http2MaxRequests, http1MaxPendingRequests); connections are kept by the server of the process',
        );
    }
  const at = [...path, 'tcp'];
  checkDuration(tcp?.connectTimeout, [...at, 'connectTimeout'], findings);
  checkDuration(tcp?.idleTimeout, [...at, 'idleTimeout'], findings, { zero: true });
  checkTime(tcp?.maxConnectionDuration, [...at, 'maxConnectionDuration'], findings);
  for (const field of ['time', 'interval'])
    checkTime(fieldOf(tcp?.tcpKeepalive, field), [...at, 'tcpKeepalive', field], findings);
  checkDuration(http?.idleTimeout, [...path, 'http', 'idleTimeout'], findings);
  if (http?.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true)
    findings.error(
      [...path, 'http'],
      "'useClientProtocol' and an 'h2UpgradePolicy' of UPGRADE exclude each other",
    );
  if (http?.http2KeepAlive === undefined) return;
  for (const field of ['interval', 'timeout']) {
    const place = [...path, 'http', 'http2KeepAlive', field];
    const value = fieldOf(http.http2KeepAlive, field);
    if (value === undefined) findings.error(place, `'${field}' is missing`);
    else checkTime(value, place, findings);
  }
}

function checkTime(value: unknown, path: FieldPath, findings: Findings): void {
  if (value === undefined) return;
  if (typeof value === 'string' && parseDuration(value) !== null) checkDuration(value, path, findings);
  else findings.error(path, 'it is not a duration; write e.g. 1.5s, 250ms or 1h');
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[field];
}
