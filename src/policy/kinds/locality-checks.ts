/**
 * `localityLbSetting` and `zoneAwareLbSetting`: what their schemas cannot say.
 * @source Istio `agent/validation.go` ValidateLocalityLbSetting, ValidateZoneAwareLbSetting; spec validation.md §3
 */
import type { LoadBalancerSpec, LocalityLbSpec, ZoneAwareLbSpec } from './destination-rule.js';
import type { FieldPath, Findings } from './kind.js';

/** Labels that say where an endpoint is. @source Istio `pkg/config/labels`, `pilot/pkg/…/label` */
const TOPOLOGY = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
];

/** @param ejects whether there is an outlierDetection beside it: without one nothing says that a locality is unwell */
export function checkLocalities(
  balancer: LoadBalancerSpec,
  path: FieldPath,
  findings: Findings,
  ejects: boolean,
): void {
  const { localityLbSetting: locality, zoneAwareLbSetting: zones } = balancer;
  if (locality !== undefined && zones !== undefined)
    findings.error(path, "'localityLbSetting' and 'zoneAwareLbSetting' exclude each other");
  if (locality !== undefined) checkLocality(locality, [...path, 'localityLbSetting'], findings, ejects);
  if (zones !== undefined) checkZoneAware(zones, [...path, 'zoneAwareLbSetting'], findings, ejects);
}

function checkLocality(setting: LocalityLbSpec, path: FieldPath, findings: Findings, ejects: boolean): void {
  const distribute = setting.distribute ?? [];
  const labels = setting.failoverPriority ?? [];
  if (distribute.length > 0 && (setting.failover ?? []).length > 0)
    findings.error(path, "'distribute' and 'failover' exclude each other");
  const places = labels.filter((label) => TOPOLOGY.includes(label));
  if ((setting.failover ?? []).length > 0 && places.length > 0)
    findings.error(
      [...path, 'failoverPriority'],
      `'failover' orders the regions, so ${places.join(', ')} cannot stand here`,
    );
  for (const [index, { to = {} }] of distribute.entries()) {
    const at = [...path, 'distribute', index, 'to'];
    let total = 0;
    for (const [locality, weight] of Object.entries(to)) {
      if (weight < 1 || weight > 100)
        findings.error([...at, locality], `${weight} is not a share: expected 1 to 100`);
      total += weight;
    }
    if (total !== 100) findings.error(at, `the shares add up to ${total}, not to 100`);
    checkOverlap(Object.keys(to), at, findings, { ordered: false });
  }
  checkOverlap(
    distribute.map(({ from }) => from ?? ''),
    [...path, 'distribute'],
    findings,
    { ordered: true },
  );
  checkFailover(setting, path, findings, ejects);
}

function checkZoneAware(
  setting: ZoneAwareLbSpec,
  path: FieldPath,
  findings: Findings,
  ejects: boolean,
): void {
  for (const [index, label] of (setting.failoverPriority ?? []).entries())
    if (TOPOLOGY.includes(label))
      findings.error(
        [...path, 'failoverPriority', index],
        `regions and zones are ordered without being asked, so ${label} cannot stand here`,
      );
  checkFailover(setting, path, findings, ejects);
  if (setting.enabled !== false)
    findings.info(
      path,
      'calls stay in the region, evenly over its zones: how callers are spread over zones is not known here; to prefer the own zone write localityLbSetting',
    );
}

function checkFailover(
  setting: LocalityLbSpec | ZoneAwareLbSpec,
  path: FieldPath,
  findings: Findings,
  ejects: boolean,
): void {
  const failover = setting.failover ?? [];
  if (!ejects && (failover.length > 0 || (setting.failoverPriority ?? []).length > 0))
    findings.warning(
      path,
      'nothing fails over without an outlierDetection, which says who is unwell; add one',
    );
  for (const [index, { from = '', to = '' }] of failover.entries()) {
    const at = [...path, 'failover', index];
    if (from === to) findings.error(at, `'${from}' cannot stand in for itself: name two regions`);
    for (const [field, region] of [
      ['from', from],
      ['to', to],
    ] as const) {
      if (region.includes('/'))
        findings.error([...at, field], `'${region}' is more than a region: expected the part before the '/'`);
      if (region.includes('*')) findings.error([...at, field], `'${region}': a region has no wildcard`);
    }
  }
}

/**
 * Localities are `region/zone/subzone`, ended early or by a `*`. No two of a list may have a place in common.
 * @param ordered whether a `*` may follow what it includes, because the first one that fits is taken
 */
function checkOverlap(
  localities: readonly string[],
  path: FieldPath,
  findings: Findings,
  { ordered }: { readonly ordered: boolean },
): void {
  // By the parts that are said: the localities so far, and all that includes one of them.
  const said = new Map<string, string>();
  const around = new Map<string, string>();
  for (const locality of localities) {
    if (partsOf(locality).includes(''))
      findings.error(path, `'${locality}' has an empty part: expected region/zone/subzone`);
    const star = locality.indexOf('*');
    if (star >= 0 && star < locality.length - 1)
      findings.error(path, `'${locality}': a '*' can only be its end`);
    const places = placesAround(locality);
    const own = places.at(-1)!;
    const outer = places.map((place) => said.get(place)).find((place) => place !== undefined);
    const inner = ordered && star >= 0 ? undefined : around.get(own);
    const other = outer ?? inner;
    if (other !== undefined) findings.error(path, `'${locality}' and '${other}' overlap`);
    if (!said.has(own)) said.set(own, locality);
    for (const place of places) if (!around.has(place)) around.set(place, locality);
  }
}

/** At most three. */
function partsOf(locality: string): string[] {
  const [region = '', zone, ...rest] = locality.split('/');
  return [region, ...(zone === undefined ? [] : [zone]), ...(rest.length > 0 ? [rest.join('/')] : [])];
}

/** Everything that includes a locality, from the world (empty) to itself; a part that is missing, or `*`, is every one. */
function placesAround(locality: string): string[] {
  const places = [''];
  for (const part of partsOf(locality)) {
    if (part === '*') break;
    places.push(`${places.at(-1)}/${part}`);
  }
  return places;
}
