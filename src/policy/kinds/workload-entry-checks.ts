/**
 * WorkloadEntry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateWorkloadEntry; spec validation.md §6
 */
import { checkLabels, checkPort, fqdnFault, isDnsLabel, isIp } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkUnixAddress, isUnixAddress } from './unix-address.js';
import type { WorkloadEntrySpec } from './workload-entry.js';

export function checkWorkloadEntry(spec: WorkloadEntrySpec, findings: Findings): void {
  const path = ['spec'];
  checkThere(spec, path, findings);
  checkNetwork(spec, path, findings);
  checkAddress(spec, path, findings);
  checkPorts(spec.ports, [...path, 'ports'], findings);
  checkLabels(spec.labels, [...path, 'labels'], findings);
}

/** What the endpoints of a ServiceEntry have as well. */
type Addressed = Pick<WorkloadEntrySpec, 'address' | 'network' | 'ports'>;

/** Istio may do without an address where a network is named, which has a gateway. */
export function checkThere({ address, network }: Addressed, path: FieldPath, findings: Findings): void {
  if (address) return;
  const at = [...path, 'address'];
  if (!network) findings.error(at, 'the address is missing');
  else
    findings.warning(
      at,
      'the address is missing; Heddle reaches no gateway of another network, so no call comes here',
    );
}

export function checkNetwork({ address, network }: Addressed, path: FieldPath, findings: Findings): void {
  if (network && address)
    findings.info([...path, 'network'], 'Heddle knows one network; the address is called directly');
}

/** Whatever kind of address it is; none is no mistake here. */
export function checkAddress(spec: Addressed, path: FieldPath, findings: Findings): void {
  const { address = '' } = spec;
  if (isUnixAddress(address)) checkUnixAddress(spec, path, findings);
  else if (address !== '' && !isIp(address) && fqdnFault(address) !== null)
    findings.error(
      [...path, 'address'],
      `'${address}' is not an IP address, a name or a unix:// socket; ports stand in 'ports'`,
    );
}

export function checkPorts(ports: WorkloadEntrySpec['ports'], path: FieldPath, findings: Findings): void {
  for (const [name, port] of Object.entries(ports ?? {})) {
    if (!isDnsLabel(name)) findings.error([...path, name], `'${name}' is not a DNS label`);
    checkPort(port, [...path, name], findings);
  }
}
