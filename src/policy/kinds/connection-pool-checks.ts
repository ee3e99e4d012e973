/**
 * `connectionPool`, and `tunnel` and `proxyProtocol`, which are about connections too: what their schemas cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateConnectionPool, validateTunnelSettings; spec validation.md §3
 */
import { checkDuration, checkPort, fqdnFault, isIp } from './common.js';
import type { ConnectionPoolSpec, TunnelSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

export function checkConnectionPool(
  pool: ConnectionPoolSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  if (pool === undefined) return;
  if (pool.tcp === undefined && pool.http === undefined)
    findings.error(path, "it is empty; set 'tcp' or 'http'");
  for (const side of ['tcp', 'http'] as const)
    for (const [field, value] of Object.entries(pool[side] ?? {}))
      if (typeof value === 'number' && value < 0)
        findings.error([...path, side, field], `${value} is negative`);
  checkTcp(pool.tcp, [...path, 'tcp'], findings);
  checkHttp(pool.http, [...path, 'http'], findings);
}

function checkTcp(tcp: ConnectionPoolSpec['tcp'], path: FieldPath, findings: Findings): void {
  if (tcp === undefined) return;
  checkDuration(tcp.connectTimeout, [...path, 'connectTimeout'], findings);
  checkDuration(tcp.idleTimeout, [...path, 'idleTimeout'], findings, { zero: true });
  checkDuration(tcp.maxConnectionDuration, [...path, 'maxConnectionDuration'], findings);
  const probing = tcp.tcpKeepalive;
  if (probing === undefined) return;
  const at = [...path, 'tcpKeepalive'];
  checkDuration(probing.time, [...at, 'time'], findings);
  checkDuration(probing.interval, [...at, 'interval'], findings);
  for (const field of ['probes', 'interval'] as const)
    if (probing[field])
      findings.info([...at, field], "Node.js cannot set it: the operating system's own value holds");
}

function checkHttp(http: ConnectionPoolSpec['http'], path: FieldPath, findings: Findings): void {
  if (http === undefined) return;
  checkDuration(http.idleTimeout, [...path, 'idleTimeout'], findings);
  const upgrade = http.h2UpgradePolicy === 'UPGRADE';
  if (upgrade && http.useClientProtocol === true)
    findings.error(path, "'useClientProtocol' and an 'h2UpgradePolicy' of UPGRADE exclude each other");
  const ping = http.http2KeepAlive;
  if (ping !== undefined)
    for (const field of ['interval', 'timeout'] as const) {
      const at = [...path, 'http2KeepAlive', field];
      if (ping[field] === undefined) findings.error(at, `'${field}' is missing`);
      checkDuration(ping[field], at, findings);
    }
  if (http.useClientProtocol === true)
    findings.info(
      [...path, 'useClientProtocol'],
      'it has no effect: a call has no protocol of its own before it is sent; h2UpgradePolicy says which one to use',
    );
}

export function checkTunnel(tunnel: TunnelSpec | undefined, path: FieldPath, findings: Findings): void {
  if (tunnel === undefined) return;
  const { protocol = '', targetHost = '', targetPort = 0 } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(protocol))
    findings.error([...path, 'protocol'], `'${protocol}' opens no tunnel: expected CONNECT or POST`);
  const fault = isIp(targetHost) ? null : fqdnFault(targetHost);
  if (fault !== null)
    findings.error([...path, 'targetHost'], `'${targetHost}' is not a host or an IP address: ${fault}`);
  checkPort(targetPort, [...path, 'targetPort'], findings);
  findings.info(path, 'it is for connections of mesh.connect: HTTP calls do not go through the tunnel');
}
