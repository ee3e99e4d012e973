/**
 * `loadBalancer`: what its schema cannot say.
 * @source Istio `validation.go` validateLoadBalancer; spec validation.md §1, §3
 */
import { checkDuration } from './common.js';
import type { LoadBalancerSpec } from './destination-rule.js';
import { parseDuration } from './duration.js';
import type { FieldPath, Findings } from './kind.js';
import { checkLocalities } from './locality-checks.js';

/** @source Envoy's limit of the Maglev table */
const MAX_TABLE = 5_000_011;
/** @source Envoy's limit of the ring */
const MAX_RING = 8_388_608;

/** @param ejects whether there is an outlierDetection beside it */
export function checkLoadBalancer(
  balancer: LoadBalancerSpec | undefined,
  path: FieldPath,
  findings: Findings,
  ejects: boolean,
): void {
  if (balancer === undefined) return;
  const ways = (['simple', 'consistentHash', 'backendUtilization'] as const).filter(
    (way) => balancer[way] !== undefined,
  );
  if (ways.length > 1) findings.error(path, `${ways.join(', ')} exclude each other; keep one`);
  if (balancer.backendUtilization !== undefined)
    findings.unsupported(
      [...path, 'backendUtilization'],
      'Heddle hears no reports of load from servers; write simple: LEAST_REQUEST, which counts what is in flight',
    );
  checkHash(balancer.consistentHash, [...path, 'consistentHash'], findings);
  checkWarmup(balancer, path, findings);
  checkLocalities(balancer, path, findings, ejects);
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
  if (cookie !== undefined) checkCookie(cookie, [...path, 'httpCookie'], findings);
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
  if (ring > MAX_RING)
    findings.unsupported(path, `a ring of ${ring} is larger than proxies take (${MAX_RING}); write less`);
  if (hash.maglev === undefined) return;
  const size = hash.maglev.tableSize ?? 0;
  if (size >= MAX_TABLE || !isPrime(size))
    findings.error([...path, 'maglev', 'tableSize'], `${size} is not a prime below ${MAX_TABLE}, e.g. 65537`);
}

type CookieSpec = NonNullable<NonNullable<LoadBalancerSpec['consistentHash']>['httpCookie']>;

function checkCookie(cookie: CookieSpec, path: FieldPath, findings: Findings): void {
  if (!cookie.name) findings.error([...path, 'name'], 'the name of the cookie is missing');
  if ((parseDuration(cookie.ttl ?? '') ?? 0) < 0)
    findings.info(
      [...path, 'ttl'],
      `'${cookie.ttl}' is in the past: no caller keeps such a cookie; write 0s or more`,
    );
  const names = new Set<string>();
  for (const [index, { name = '' }] of (cookie.attributes ?? []).entries()) {
    const at = [...path, 'attributes', index, 'name'];
    if (name === '') findings.error(at, 'the name of the attribute is missing, e.g. SameSite');
    else if (names.has(name)) findings.error(at, `the attribute '${name}' is there twice`);
    names.add(name);
  }
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
  if (balancer.consistentHash !== undefined || ['RANDOM', 'PASSTHROUGH'].includes(balancer.simple ?? ''))
    findings.info(at, 'new endpoints start slowly with LEAST_REQUEST and ROUND_ROBIN only; it has no effect');
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
