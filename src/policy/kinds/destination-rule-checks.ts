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
  checkPort,
  checkSelectorLabels,
  isDnsLabel,
  refuseNotYet,
  wildcardFault,
} from './common.js';
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
  const fault = wildcardFault(spec.host);
  if (fault !== null) findings.error(['spec', 'host'], `'${spec.host}' is not a host: ${fault}`);
  checkExportTo(spec.exportTo, metadata.namespace, findings);
  checkSelector(spec, findings, metadata);
  checkTrafficPolicy(spec.trafficPolicy, ['spec', 'trafficPolicy'], findings);
  const names = new Set<string>();
  for (const [index, subset] of (spec.subsets ?? []).entries()) {
    const path = ['spec', 'subsets', index];
    if (!isDnsLabel(subset.name)) findings.error([...path, 'name'], `'${subset.name}' is not a DNS label`);
    if (names.has(subset.name))
      findings.error([...path, 'name'], `the subset '${subset.name}' is there twice`);
    names.add(subset.name);
    checkLabels(subset.labels, [...path, 'labels'], findings);
    checkTrafficPolicy(subset.trafficPolicy, [...path, 'trafficPolicy'], findings);
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

function checkTrafficPolicy(
  policy: TrafficPolicySpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  if (policy === undefined) return;
  if (
    Object.keys(policy).length === 0 ||
    (Object.keys(policy).length === 1 && policy.portLevelSettings?.length === 0)
  )
    findings.error(path, 'it is empty; set at least one field, or take it out');
  refuseNotYet(policy.tunnel, [...path, 'tunnel'], findings);
  refuseNotYet(policy.proxyProtocol, [...path, 'proxyProtocol'], findings);
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined)
    findings.error(path, "'tunnel' and 'proxyProtocol' exclude each other");
  checkBlocks(policy, path, findings);
  if (policy.retryBudget?.percent !== undefined)
    checkPercent(policy.retryBudget.percent, [...path, 'retryBudget', 'percent'], findings);
  refuseNotYet(policy.retryBudget?.budgetInterval, [...path, 'retryBudget', 'budgetInterval'], findings);
  const ports = new Set<number>();
  for (const [index, entry] of (policy.portLevelSettings ?? []).entries()) {
    const at = [...path, 'portLevelSettings', index];
    if (entry.port === undefined) findings.error(at, "'port' is missing");
    else {
      checkPort(entry.port.number, [...at, 'port', 'number'], findings);
      if (ports.has(entry.port.number))
        findings.info([...at, 'port'], `port ${entry.port.number} was there before; the first entry holds`);
      ports.add(entry.port.number);
    }
    if (Object.keys(entry).filter((key) => key !== 'port').length === 0)
      findings.error(at, 'expected one of loadBalancer, connectionPool, outlierDetection, tls');
    checkBlocks(entry, at, findings);
  }
}

function checkBlocks(policy: TrafficPolicySpec | PortPolicySpec, path: FieldPath, findings: Findings): void {
  checkLoadBalancer(policy.loadBalancer, [...path, 'loadBalancer'], findings);
  checkConnectionPool(policy, [...path, 'connectionPool'], findings);
  checkOutlier(policy.outlierDetection, [...path, 'outlierDetection'], findings);
  checkClientTls(policy.tls, [...path, 'tls'], findings);
}

function checkConnectionPool(policy: PortPolicySpec, path: FieldPath, findings: Findings): void {
  const pool = policy.connectionPool;
  if (pool === undefined) return;
  if (pool.tcp === undefined && pool.http === undefined)
    findings.error(path, "it is empty; set 'tcp' or 'http'");
  for (const side of ['tcp', 'http'] as const)
    for (const [field, value] of Object.entries(pool[side] ?? {}))
      if (typeof value === 'number' && value < 0)
        findings.error([...path, side, field], `${value} is negative`);
  const { tcp, http } = pool;
  checkDuration(tcp?.connectTimeout, [...path, 'tcp', 'connectTimeout'], findings);
  checkDuration(tcp?.idleTimeout, [...path, 'tcp', 'idleTimeout'], findings, { zero: true });
  checkDuration(http?.idleTimeout, [...path, 'http', 'idleTimeout'], findings);
  refuseNotYet(tcp?.tcpKeepalive, [...path, 'tcp', 'tcpKeepalive'], findings);
  refuseNotYet(tcp?.maxConnectionDuration, [...path, 'tcp', 'maxConnectionDuration'], findings);
  refuseNotYet(http?.http2KeepAlive, [...path, 'http', 'http2KeepAlive'], findings);
  if (http?.maxConcurrentStreams) refuseNotYet(1, [...path, 'http', 'maxConcurrentStreams'], findings);
  if (http?.useClientProtocol === true) refuseNotYet(1, [...path, 'http', 'useClientProtocol'], findings);
  if (http?.h2UpgradePolicy === 'UPGRADE') {
    if (http.useClientProtocol === true)
      findings.error(
        [...path, 'http'],
        "'useClientProtocol' and an 'h2UpgradePolicy' of UPGRADE exclude each other",
      );
    findings.error(
      [...path, 'http', 'h2UpgradePolicy'],
      'Heddle does not upgrade to HTTP/2 yet; take it out',
    );
  }
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
  refuseNotYet(outlier.outlierDetectionHttpErrorCodes, [...path, 'outlierDetectionHttpErrorCodes'], findings);
}
