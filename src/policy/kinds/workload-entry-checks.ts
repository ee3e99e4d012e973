/**
 * WorkloadEntry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateWorkloadEntry; spec validation.md §6
 */
import { checkLabels, checkPort, fqdnFault, isDnsLabel, isIp } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { isUnixAddress, unixAddressFault } from './unix-address.js';
import type { WorkloadEntrySpec } from './workload-entry.js';

export function checkWorkloadEntry(spec: WorkloadEntrySpec, findings: Findings): void {
  const path = ['spec'];
  const { address = '', network = '' } = spec;
  const at = [...path, 'address'];
  if (address === '' && network === '') findings.error(at, 'the address is missing');
  else if (address === '')
    findings.warning(
      at,
      'the address is missing; Heddle reaches no gateway of another network, so no call comes here',
    );
  else if (network !== '')
    findings.info([...path, 'network'], 'Heddle knows one network; the address is called directly');
  checkAddress(spec, path, findings);
  checkPorts(spec.ports, [...path, 'ports'], findings);
  checkLabels(spec.labels, [...path, 'labels'], findings);
}

/** Whatever kind of address it is; none is no mistake here. */
export function checkAddress(spec: WorkloadEntrySpec, path: FieldPath, findings: Findings): void {
  const { address = '' } = spec;
  const at = [...path, 'address'];
  if (isUnixAddress(address)) {
    const fault = unixAddressFault(address);
    if (fault !== null) findings.error(at, `'${address}' is not a unix socket: ${fault}`);
    if (Object.keys(spec.ports ?? {}).length > 0)
      findings.error([...path, 'ports'], 'a unix socket has no ports');
  } else if (address !== '' && !isIp(address) && fqdnFault(address) !== null)
    findings.error(
      at,
      `'${address}' is not an IP address, a name or a unix:// socket; ports stand in 'ports'`,
    );
}

export function checkPorts(ports: WorkloadEntrySpec['ports'], path: FieldPath, findings: Findings): void {
  for (const [name, port] of Object.entries(ports ?? {})) {
    if (!isDnsLabel(name)) findings.error([...path, name], `'${name}' is not a DNS label`);
    checkPort(port, [...path, name], findings);
  }
}
