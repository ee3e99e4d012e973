/**
 * Gateway: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateGateway; spec validation.md §4
 */
import type { ResourceMetadata } from '../resource.js';
import { checkPort, isDnsLabel, isIp } from './common.js';
import type { GatewayServerSpec, GatewaySpec } from './gateway.js';
import type { FieldPath, Findings } from './kind.js';
import { checkGatewayHost } from './namespaced-host.js';
import { isHttpProtocol, isPortProtocol, isTlsProtocol, PORT_PROTOCOLS } from './port-protocols.js';
import { checkServerTls, passesThrough } from './server-tls-checks.js';
import { isUnixAddress, unixAddressFault } from './unix-address.js';

/** Marks what was made of a Gateway of Kubernetes' own API: its name has dots, and a server may have no routes. */
const CONVERTED = 'internal.istio.io/gateway-semantics';

export function checkGateway(spec: GatewaySpec, findings: Findings, metadata: ResourceMetadata): void {
  const converted = metadata.annotations?.[CONVERTED] === 'gateway';
  if (!isDnsLabel(metadata.name) && !converted)
    findings.error(
      ['metadata', 'name'],
      `'${metadata.name}' is not a DNS label, as the name of a Gateway must be: no dots, at most 63 characters`,
    );
  const servers = spec.servers ?? [];
  if (servers.length === 0) findings.error(['spec', 'servers'], 'no servers: write at least one');
  const names = new Set<string>();
  for (const [index, server] of servers.entries()) {
    const path = ['spec', 'servers', index];
    checkServer(server, path, findings, converted);
    const name = server.port?.name ?? '';
    if (server.port !== undefined && names.has(name))
      findings.error([...path, 'port', 'name'], `the name '${name}' is there twice`);
    if (server.port !== undefined) names.add(name);
  }
}

function checkServer(
  server: GatewayServerSpec,
  path: FieldPath,
  findings: Findings,
  converted: boolean,
): void {
  const hosts = server.hosts ?? [];
  if (hosts.length === 0) findings.error([...path, 'hosts'], "no hosts: name at least one, or '*'");
  for (const [index, host] of hosts.entries())
    checkGatewayHost(host, [...path, 'hosts', index], findings, converted);
  checkServerPort(server, path, findings);
  checkBind(server, path, findings);
  checkServerTls(server.tls, [...path, 'tls'], findings);
  checkTlsOfPort(server, path, findings);
}

function checkServerPort(server: GatewayServerSpec, path: FieldPath, findings: Findings): void {
  const { port } = server;
  const at = [...path, 'port'];
  if (port === undefined) {
    findings.error(at, "'port' is missing");
    return;
  }
  const { number = 0, protocol = '', name = '', targetPort = 0 } = port;
  if (!isPortProtocol(protocol))
    findings.error(
      [...at, 'protocol'],
      `'${protocol}' is not a protocol: expected ${PORT_PROTOCOLS.join(', ')}`,
    );
  if (number > 0 || !isUnixAddress(server.bind ?? '')) checkPort(number, [...at, 'number'], findings);
  if (targetPort > 0) findings.error([...at, 'targetPort'], 'a Gateway has no target port; take this out');
  if (name === '') findings.error([...at, 'name'], 'the port has no name');
}

function checkBind(server: GatewayServerSpec, path: FieldPath, findings: Findings): void {
  const { bind = '' } = server;
  const at = [...path, 'bind'];
  if (isUnixAddress(bind)) {
    const fault = unixAddressFault(bind);
    if (fault !== null) findings.error(at, `'${bind}' is not a unix socket: ${fault}`);
    if (server.port?.number)
      findings.error([...path, 'port', 'number'], 'a unix socket has no port; write 0');
  } else if (bind !== '' && !isIp(bind))
    findings.error(at, `'${bind}' is not an IP address, nor a unix:// socket`);
}

/** Ports with TLS say how, ports without it do not; a port for HTTP may send callers to HTTPS. */
function checkTlsOfPort(server: GatewayServerSpec, path: FieldPath, findings: Findings): void {
  const { tls, port } = server;
  const protocol = port?.protocol ?? '';
  if (!isPortProtocol(protocol)) return;
  const at = [...path, 'tls'];
  if (isTlsProtocol(protocol)) {
    if (tls === undefined) findings.error(at, `a port of ${protocol.toUpperCase()} needs 'tls'`);
  } else if (tls !== undefined && !isHttpProtocol(protocol))
    findings.error(
      at,
      `a port of ${protocol.toUpperCase()} has no TLS; write TLS or HTTPS, or take this out`,
    );
  else if (
    tls !== undefined &&
    (!passesThrough(tls) || tls.caCertificates || tls.privateKey || tls.serverCertificate)
  )
    findings.error(at, 'a port of plain HTTP can have httpsRedirect only; write HTTPS, or take the rest out');
  if (tls?.httpsRedirect === true && !isHttpProtocol(protocol))
    findings.warning([...at, 'httpsRedirect'], 'it has an effect on ports of plain HTTP only');
}
