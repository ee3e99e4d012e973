/**
 * `loadBalancer`: what its schema cannot say.
 * @source Istio `validation.go` validateLoadBalancer; spec validation.md §1, §3
 */
import { checkDuration, refuseNotYet } from './common.js';
import type { LoadBalancerSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

/** @source Envoy's limit of the Maglev table */
const MAX_TABLE = 5_000_011;
/** @source Envoy's limit of the ring */
const MAX_RING = 8_388_608;

export function checkLoadBalancer(
  balancer: LoadBalancerSpec | undefined,
  path: FieldPath,
  findings: Findings,
): void {
  if (balancer === undefined) return;
  if (balancer.simple !== undefined && balancer.consistentHash !== undefined)
    findings.error(path, "'simple' and 'consistentHash' exclude each other");
  if (balancer.simple === 'PASSTHROUGH')
    findings.error(
      [...path, 'simple'],
      'PASSTHROUGH connects to the address that a proxy intercepted; there is no proxy here. Use LEAST_REQUEST',
    );
  if (balancer.localityLbSetting !== undefined && balancer.zoneAwareLbSetting !== undefined)
    findings.error(path, "'localityLbSetting' and 'zoneAwareLbSetting' exclude each other");
  refuseNotYet(balancer.localityLbSetting, [...path, 'localityLbSetting'], findings);
  refuseNotYet(balancer.zoneAwareLbSetting, [...path, 'zoneAwareLbSetting'], findings);
  refuseNotYet(balancer.backendUtilization, [...path, 'backendUtilization'], findings);
  checkHash(balancer.consistentHash, [...path, 'consistentHash'], findings);
  checkWarmup(balancer, path, findings);
}

function checkHash(hash: LoadBalancerSpec['consistentHash'], path: FieldPath, findings: Findings): void {
  if (hash === undefined) return;
  const keys = (['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const).filter(
    (key) => hash[key] !== undefined,
  );
  if (keys.length > 1) findings.error(path, `${keys.join(', ')} exclude each other; keep one`);
  else if (!hash[keys[0] ?? 'useSourceIp'])
    findings.info(path, 'nothing is hashed, so calls are spread at random; name what to hash');
  const cookie = hash.httpCookie;
  if (cookie !== undefined) {
    if (!cookie.name) findings.error([...path, 'httpCookie', 'name'], 'the name of the cookie is missing');
    checkDuration(cookie.ttl, [...path, 'httpCookie', 'ttl'], findings, { zero: true });
    refuseNotYet(cookie.attributes, [...path, 'httpCookie', 'attributes'], findings);
  }
  if (hash.minimumRingSize) {
    findings.warning(
      [...path, 'minimumRingSize'],
      "'minimumRingSize' is deprecated; write ringHash.minimumRingSize",
    );
    if (hash.ringHash !== undefined || hash.maglev !== undefined)
      findings.error([...path, 'minimumRingSize'], "it cannot stand beside 'ringHash' or 'maglev'");
  }
  if (hash.ringHash !== undefined && hash.maglev !== undefined)
    findings.error(path, "'ringHash' and 'maglev' exclude each other");
  const ring = hash.ringHash?.minimumRingSize ?? hash.minimumRingSize ?? 0;
  if (ring > MAX_RING) findings.error(path, `a ring of ${ring} is larger than ${MAX_RING}`);
  if (hash.maglev === undefined) return;
  const size = hash.maglev.tableSize ?? 0;
  if (size >= MAX_TABLE || !isPrime(size))
    findings.error([...path, 'maglev', 'tableSize'], `${size} is not a prime below ${MAX_TABLE}, e.g. 65537`);
}

function checkWarmup(balancer: LoadBalancerSpec, path: FieldPath, findings: Findings): void {
  const { warmup } = balancer;
  if (balancer.warmupDurationSecs !== undefined) {
    findings.info(
      [...path, 'warmupDurationSecs'],
      "'warmupDurationSecs' is deprecated; write warmup.duration",
    );
    checkDuration(balancer.warmupDurationSecs, [...path, 'warmupDurationSecs'], findings);
  }
  if (warmup === undefined) return;
  const at = [...path, 'warmup'];
  if (warmup.duration === undefined) findings.error(at, "'duration' is missing");
  checkDuration(warmup.duration, [...at, 'duration'], findings);
  const minimum = warmup.minimumPercent;
  if (minimum !== undefined && (minimum < 0 || minimum > 100))
    findings.error([...at, 'minimumPercent'], `${minimum} is not a percentage: expected 0 to 100`);
  if (warmup.aggression !== undefined && warmup.aggression <= 0)
    findings.error([...at, 'aggression'], `${warmup.aggression} is not more than 0`);
}

/** Envoy's own test takes 1 for a prime. */
export function isPrime(value: number): boolean {
  if (value < 1) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) if (value % divisor === 0) return false;
  return true;
}
