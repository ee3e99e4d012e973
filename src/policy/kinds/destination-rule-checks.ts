/**
 * DestinationRule: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateDestinationRule; spec validation.md §3
 */
import type { ResourceMetadata } from '../resource.js';
import {
  checkDuration,
  checkExportTo,
  checkLabels,
  checkPercent,
  checkSelectorLabels,
  isDnsLabel,
  wildcardFault,
} from './common.js';
import { checkConnectionPool, checkTunnel } from './connection-pool-checks.js';
import type {
  DestinationRuleSpec,
  OutlierDetectionSpec,
  PortPolicySpec,
  TrafficPolicySpec,
} from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';
import { checkLoadBalancer } from './load-balancer-checks.js';
import { checkClientTls } from './tls-checks.js';

export function checkDestinationRule(
  spec: DestinationRuleSpec,
  findings: Findings,
  metadata: ResourceMetadata,
): void {
  const { namespace } = metadata;
  const fault = wildcardFault(spec.host);
  if (fault !== null) findings.error(['spec', 'host'], `'${spec.host}' is not a host: ${fault}`);
  checkExportTo(spec.exportTo, namespace, findings);
  checkSelector(spec, findings, metadata);
  checkTrafficPolicy(spec.trafficPolicy, ['spec', 'trafficPolicy'], findings, namespace);
  const names = new Set<string>();
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const path = ['spec', 'subsets', index];
    if (!isDnsLabel(subset.name)) findings.error([...path, 'name'], `'${subset.name}' is not a DNS label`);
    if (names.has(subset.name))
      findings.error([...path, 'name'], `the subset '${subset.name}' is there twice`);
    names.add(subset.name);
    checkLabels(subset.labels, [...path, 'labels'], findings);
    checkTrafficPolicy(subset.trafficPolicy, [...path, 'trafficPolicy'], muted(findings), namespace);
  }
}

/** A rule that selects its clients is private to their namespace. */
function checkSelector(spec: DestinationRuleSpec, findings: Findings, metadata: ResourceMetadata): void {
  if (spec.workloadSelector === undefined) return;
  const path = ['spec', 'workloadSelector', 'matchLabels'];
  checkSelectorLabels(spec.workloadSelector.matchLabels, path, findings);
  if (Object.keys(spec.workloadSelector.matchLabels ?? {}).length === 0)
    findings.warning(path, 'the selector has no labels: it selects every workload of the namespace');
  const exported = spec.exportTo ?? [];
  if (exported.length > 1 || exported.some((entry) => entry !== '.' && entry !== metadata.namespace))
    findings.error(['spec', 'exportTo'], "with a workloadSelector only '.' can be exported to");
}

/** Istio warns of the rule's own policy only; of subsets and ports we tell, without a warning. */
function muted(findings: Findings): Findings {
  return {
    error: (path, message) => findings.error(path, message),
    warning: (path, message) => findings.info(path, message),
    info: (path, message) => findings.info(path, message),
    unsupported: (path, message) => findings.unsupported(path, message),
  };
}

function checkTrafficPolicy(
  policy: TrafficPolicySpec | undefined,
  path: FieldPath,
  findings: Findings,
  namespace: string,
): void {
  if (policy === undefined) return;
  if (
    Object.keys(policy).length === 0 ||
    (Object.keys(policy).length === 1 && policy.portLevelSettings?.length === 0)
  )
    findings.error(path, 'it is empty; set at least one field, or take it out');
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined)
    findings.error(path, "'tunnel' and 'proxyProtocol' exclude each other");
  checkTunnel(policy.tunnel, [...path, 'tunnel'], findings);
  checkBlocks(policy, path, findings, namespace);
  checkRetryBudget(policy.retryBudget, [...path, 'retryBudget'], findings);
  checkPorts(policy, [...path, 'portLevelSettings'], muted(findings), namespace);
}

function checkPorts(policy: TrafficPolicySpec, path: FieldPath, findings: Findings, namespace: string): void {
  const ports = new Set<number>();
  for (const [index, entry] of (policy.portLevelSettings ?? []).entries()) {
    const at = [...path, index];
    const number = entry.port?.number ?? 0;
    if (entry.port === undefined) findings.error(at, "'port' is missing");
    else if (number < 1 || number > 65_535)
      findings.info([...at, 'port'], `${number} is not a port (1 to 65535): this holds for no call`);
    else if (ports.has(number))
      findings.info([...at, 'port'], `port ${number} was there before; the first entry holds`);
    ports.add(number);
    if (Object.keys(entry).filter((key) => key !== 'port').length === 0)
      findings.error(at, 'expected one of loadBalancer, connectionPool, outlierDetection, tls');
    checkBlocks(entry, at, findings, namespace);
  }
}

function checkBlocks(
  policy: TrafficPolicySpec | PortPolicySpec,
  path: FieldPath,
  findings: Findings,
  namespace: string,
): void {
  const ejects = policy.outlierDetection !== undefined;
  checkLoadBalancer(policy.loadBalancer, [...path, 'loadBalancer'], findings, ejects);
  checkConnectionPool(policy.connectionPool, [...path, 'connectionPool'], findings);
  checkOutlier(policy.outlierDetection, [...path, 'outlierDetection'], findings);
  checkClientTls(policy.tls, [...path, 'tls'], findings, namespace);
}

function checkRetryBudget(
  budget: TrafficPolicySpec['retryBudget'],
  path: FieldPath,
  findings: Findings,
): void {
  if (budget?.percent !== undefined) checkPercent(budget.percent, [...path, 'percent'], findings);
  if (budget?.budgetInterval !== undefined)
    findings.unsupported(
      [...path, 'budgetInterval'],
      'Heddle counts the calls in flight, not those of an interval; take it out',
    );
}

function checkOutlier(outlier: OutlierDetectionSpec | undefined, path: FieldPath, findings: Findings): void {
  if (outlier === undefined) return;
  if (outlier.consecutiveErrors)
    findings.warning([...path, 'consecutiveErrors'], 'it has no effect any more; write consecutive5xxErrors');
  if ((outlier.consecutiveLocalOriginFailures ?? 0) > 0 && outlier.splitExternalLocalOriginErrors !== true)
    findings.error([...path, 'consecutiveLocalOriginFailures'], 'needs splitExternalLocalOriginErrors: true');
  checkDuration(outlier.interval, [...path, 'interval'], findings);
  checkDuration(outlier.baseEjectionTime, [...path, 'baseEjectionTime'], findings);
  checkPercent(outlier.maxEjectionPercent, [...path, 'maxEjectionPercent'], findings);
  checkPercent(outlier.minHealthPercent, [...path, 'minHealthPercent'], findings);
}
