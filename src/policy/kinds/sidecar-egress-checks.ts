/**
 * Sidecar `egress`: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateSidecar, validateSidecarEgressPortBindAndCaptureMode
 */
import { checkPort, isIp } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkSidecarHost } from './namespaced-host.js';
import type { SidecarEgressSpec } from './sidecar.js';
import { checkSidecarPort, NO_LISTENER } from './sidecar-port-checks.js';
import { isUnixAddress, unixAddressFault } from './unix-address.js';

export function checkEgress(
  listeners: readonly SidecarEgressSpec[],
  namespace: string,
  path: FieldPath,
  findings: Findings,
): void {
  const places = new Set<string>();
  for (const [index, listener] of listeners.entries()) {
    const at = [...path, index];
    if (listener.port === undefined) {
      if (index !== listeners.length - 1)
        findings.error(
          at,
          'a listener without a port takes all calls that are left; it must be the last, and alone',
        );
    } else {
      checkListener(listener, at, findings);
      const place = listener.port.number ? `port ${listener.port.number}` : (listener.bind ?? '');
      if (places.has(place))
        findings.error([...at, 'port'], `${place || 'port 0'} has a listener before this one`);
      places.add(place);
    }
    for (const field of ['bind', 'captureMode'] as const)
      if (listener[field] && listener[field] !== 'DEFAULT') findings.info([...at, field], NO_LISTENER);
    checkHosts(listener.hosts ?? [], namespace, [...at, 'hosts'], findings);
  }
}

function checkListener(listener: SidecarEgressSpec, path: FieldPath, findings: Findings): void {
  const { port = {}, bind = '', captureMode = 'DEFAULT' } = listener;
  checkSidecarPort(port, [...path, 'port'], findings);
  if (port.number) {
    checkPort(port.number, [...path, 'port', 'number'], findings);
    if (bind !== '' && !isIp(bind)) findings.error([...path, 'bind'], `'${bind}' is not an IP address`);
    return;
  }
  const fault = isUnixAddress(bind)
    ? unixAddressFault(bind)
    : 'a port of 0 needs one, e.g. unix:///run/out.sock';
  if (fault !== null) findings.error([...path, 'bind'], `'${bind}' is not a unix socket: ${fault}`);
  if (captureMode === 'IPTABLES')
    findings.error(
      [...path, 'captureMode'],
      'nothing is captured at a unix socket; write NONE, or take this out',
    );
}

function checkHosts(
  hosts: readonly string[],
  ownNamespace: string,
  path: FieldPath,
  findings: Findings,
): void {
  if (hosts.length === 0) findings.error(path, 'no hosts: name at least one, or ~/* for none');
  const seen = new Map<string, Set<string>>();
  for (const [index, entry] of hosts.entries()) {
    const at = [...path, index];
    checkSidecarHost(entry, at, findings);
    const slash = entry.indexOf('/');
    if (slash < 0 || entry.startsWith('~')) continue;
    const written = entry.slice(0, slash);
    const namespace = written === '.' ? ownNamespace : written;
    const host = entry.slice(slash + 1);
    const known = seen.get(namespace) ?? new Set();
    seen.set(namespace, known);
    if (host === '*' ? known.size > 0 : known.has(host) || known.has('*'))
      findings.warning(at, `'${entry}' and an entry before it name the same hosts; keep the wider one`);
    known.add(host);
  }
  if (seen.get('*')?.has('*') === true && seen.size > 1)
    findings.warning(path, "'*/*' is every host; take the other entries out");
}
