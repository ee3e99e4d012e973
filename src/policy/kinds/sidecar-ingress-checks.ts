/**
 * Sidecar `ingress`: what its schema cannot say. Of a listener Heddle carries out the limits on calls, for the port of the process that
 * has its number.
 * @source Istio `pkg/config/validation/validation.go` ValidateSidecar, validateSidecarIngressPortAndBind
 */
import { checkPort, isIp } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { isHttpProtocol, isTlsProtocol } from './port-protocols.js';
import { checkServerTls, tlsMode } from './server-tls-checks.js';
import type { SidecarIngressSpec } from './sidecar.js';
import { checkInboundPool } from './sidecar-pool-checks.js';
import { checkSidecarPort, NO_LISTENER } from './sidecar-port-checks.js';
import { isUnixAddress, unixAddressFault } from './unix-address.js';

export function checkIngress(
  listeners: readonly SidecarIngressSpec[],
  path: FieldPath,
  findings: Findings,
): void {
  const numbers = new Set<number>();
  for (const [index, listener] of listeners.entries()) {
    const at = [...path, index];
    const { port, bind = '', connectionPool } = listener;
    if (port === undefined) {
      findings.error([...at, 'port'], "'port' is missing");
      continue;
    }
    const number = port.number ?? 0;
    checkSidecarPort(port, [...at, 'port'], findings);
    checkPort(number, [...at, 'port', 'number'], findings);
    if (numbers.has(number)) findings.error([...at, 'port'], `port ${number} has a listener before this one`);
    numbers.add(number);
    if (bind !== '' && !isIp(bind)) findings.error([...at, 'bind'], `'${bind}' is not an IP address`);
    checkDefaultEndpoint(listener.defaultEndpoint, [...at, 'defaultEndpoint'], findings);
    checkTls(listener, at, findings);
    checkInboundPool(connectionPool, [...at, 'connectionPool'], findings);
    if (connectionPool?.http !== undefined && !isHttpProtocol(port.protocol ?? ''))
      findings.warning(
        [...at, 'connectionPool', 'http'],
        `port ${number} is not HTTP, so these have no effect; name the protocol of the port`,
      );
    if (connectionPool === undefined) findings.info([...at, 'port'], NO_LISTENER);
    for (const field of ['bind', 'captureMode', 'defaultEndpoint'] as const)
      if (listener[field] && listener[field] !== 'DEFAULT') findings.info([...at, field], NO_LISTENER);
  }
}

const LOCAL = ['', '127.0.0.1', '0.0.0.0', '::1', '::'];

function checkDefaultEndpoint(endpoint: string | undefined, path: FieldPath, findings: Findings): void {
  if (!endpoint) return;
  if (isUnixAddress(endpoint)) {
    const fault = unixAddressFault(endpoint);
    if (fault !== null) findings.error(path, `'${endpoint}' is not a unix socket: ${fault}`);
    return;
  }
  const parts = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(endpoint);
  const host = parts?.[1] ?? parts?.[2];
  if (host === undefined || !LOCAL.includes(host))
    findings.error(
      path,
      `'${endpoint}' is not of this host: expected e.g. 127.0.0.1:8080, [::1]:8080 or unix:///run/in.sock`,
    );
  else if (!/^[+-]?\d+$/.test(parts![3]!)) findings.error(path, `'${endpoint}' ends in no port number`);
  else checkPort(Number(parts![3]), path, findings);
}

function checkTls(listener: SidecarIngressSpec, path: FieldPath, findings: Findings): void {
  const { tls, port } = listener;
  if (tls === undefined) return;
  const at = [...path, 'tls'];
  const given = ['subjectAltNames', 'credentialName', 'credentialNames', 'tlsCertificates'] as const;
  for (const field of [
    ...given.filter((name) => (tls[name]?.length ?? 0) > 0),
    ...(tls.httpsRedirect === true ? (['httpsRedirect'] as const) : []),
  ])
    findings.error([...at, field], 'a Sidecar cannot have it; take this out');
  const mode = tlsMode(tls);
  if (mode === 'ISTIO_MUTUAL' || mode === 'AUTO_PASSTHROUGH')
    findings.error(
      [...at, 'mode'],
      `a Sidecar cannot have ${mode}: expected SIMPLE, MUTUAL or OPTIONAL_MUTUAL`,
    );
  if (!isTlsProtocol(port?.protocol ?? ''))
    findings.error(at, 'the port has no TLS; write a protocol of TLS or HTTPS, or take this out');
  checkServerTls(tls, at, findings);
  findings.unsupported(
    at,
    'Heddle serves its ports with the identity of the mesh: clients would meet another certificate than asked for. End this TLS in the program itself, and take this out',
  );
}
