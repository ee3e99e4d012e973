/**
 * Ports of a Sidecar's listeners: what their schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidatePortName, ValidateProtocol
 */
import { isDnsLabel } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { isPortProtocol, PORT_PROTOCOLS } from './port-protocols.js';
import type { SidecarPortSpec } from './sidecar.js';

export const NO_LISTENER =
  'it has no effect: a process makes its own calls and serves its own ports; Heddle opens no listener beside them';

/** All but the number, of which each side has its own idea. */
export function checkSidecarPort(port: SidecarPortSpec, path: FieldPath, findings: Findings): void {
  const { name = '', protocol = '', targetPort = 0 } = port;
  if (targetPort > 0) findings.error([...path, 'targetPort'], 'a Sidecar has no target port; take this out');
  if (name !== '' && !isDnsLabel(name)) findings.error([...path, 'name'], `'${name}' is not a DNS label`);
  if (protocol !== '' && !isPortProtocol(protocol))
    findings.error(
      [...path, 'protocol'],
      `'${protocol}' is not a protocol: expected ${PORT_PROTOCOLS.join(', ')}`,
    );
}
