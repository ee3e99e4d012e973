/**
 * WorkloadGroup: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateWorkloadGroup, validateReadinessProbe; spec validation.md §6
 */
import { checkLabels, checkPort } from './common.js';
import type { FieldPath, Findings } from './kind.js';
import { checkAddress, checkPorts } from './workload-entry-checks.js';
import type { ProbeSpec, WorkloadGroupSpec } from './workload-group.js';

export function checkWorkloadGroup(spec: WorkloadGroupSpec, findings: Findings): void {
  const path = ['spec'];
  checkLabels(spec.metadata?.labels, [...path, 'metadata', 'labels'], findings);
  const { template } = spec;
  if (template === undefined)
    findings.error([...path, 'template'], "'template' is missing; write {} for an empty one");
  else {
    // An entry that is made from it has an address of its own. Its labels are looked at when it is made.
    checkAddress(template, [...path, 'template'], findings);
    checkPorts(template.ports, [...path, 'template', 'ports'], findings);
  }
  checkProbe(spec.probe, [...path, 'probe'], findings);
  findings.info(
    path,
    'it has no effect: processes register with their services by themselves, and Heddle makes no WorkloadEntry from a group',
  );
}

const METHODS = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const;

function checkProbe(probe: ProbeSpec | undefined, path: FieldPath, findings: Findings): void {
  if (probe === undefined) return;
  for (const [field, value] of Object.entries(probe))
    if (typeof value === 'number' && value < 0) findings.error([...path, field], `${value} is negative`);
  const methods = METHODS.filter((method) => probe[method] !== undefined);
  if (methods.length === 0) findings.error(path, 'nothing is asked: set httpGet, tcpSocket or exec');
  if (methods.length > 1) findings.error(path, `only one of ${methods.join(', ')} can be set`);
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if (httpGet !== undefined) checkHttp(httpGet, [...path, 'httpGet'], findings);
  if (tcpSocket !== undefined) checkPort(tcpSocket.port ?? 0, [...path, 'tcpSocket', 'port'], findings);
  if (exec !== undefined && !exec.command?.length)
    findings.error([...path, 'exec', 'command'], 'no command: name at least the program');
  // In the shape of the API only: Istio's validation refuses it.
  if (grpc !== undefined) findings.error([...path, 'grpc'], 'Istio takes httpGet, tcpSocket and exec only');
}

function checkHttp(get: NonNullable<ProbeSpec['httpGet']>, path: FieldPath, findings: Findings): void {
  checkPort(get.port ?? 0, [...path, 'port'], findings);
  if (get.scheme && get.scheme !== 'HTTP' && get.scheme !== 'HTTPS')
    findings.error([...path, 'scheme'], `'${get.scheme}' is not a scheme: expected HTTP or HTTPS`);
  for (const [index, { name = '' }] of (get.httpHeaders ?? []).entries())
    if (!/^[-A-Za-z0-9]+$/.test(name))
      findings.error(
        [...path, 'httpHeaders', index, 'name'],
        `'${name}' is not a header: expected a-z, 0-9 and -`,
      );
}
