/**
 * Which endpoints come first for a caller, by where both are: a list of levels, the nearest first, each in groups with a share. Pure.
 * @source Istio `pilot/pkg/networking/core/loadbalancer/loadbalancer.go`; spec traffic.md §4.4
 */
import type { EndpointState } from '../../model/endpoint-state.js';
import type { LocalityPolicy } from './policy.js';

/** Who calls. */
export interface Caller {
  /** `region/zone/subzone`; empty: not known. */
  readonly locality: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of this process among its kind; which endpoints of a long list it works with goes by it. @default '' */
  readonly name?: string;
}

/** Where a workload does not say its locality, its labels may, as those of a Kubernetes node do. */
export function callerOf(workload: {
  readonly labels: Readonly<Record<string, string>>;
  readonly locality?: string | undefined;
  readonly name?: string | undefined;
}): Caller {
  const { labels, name } = workload;
  return { labels, locality: workload.locality ?? localityOf(labels), ...(name !== undefined && { name }) };
}

/** What labels say of where somebody is; empty: nothing. */
export function localityOf(labels: Readonly<Record<string, string>>): string {
  return PLACES.map((label) => labels[label] ?? '')
    .join('/')
    .replace(/\/+$/, '');
}

/** Endpoints that are as good as each other. */
export interface LocalityGroup {
  readonly endpoints: readonly EndpointState[];
  /** Share among the groups of its level. */
  readonly weight: number;
}

/** Groups of one priority. There is at least one, and none is empty. */
export type LocalityLevel = readonly LocalityGroup[];

/**
 * @param policy undefined: Istio's default, nearest first
 * @param failover whether something ejects endpoints: without that nobody would ever come to a farther level, so there is only one
 * @returns nearest first; empty if the policy leaves no endpoint
 */
export function localityLevels(
  policy: LocalityPolicy | undefined,
  endpoints: readonly EndpointState[],
  caller: Caller,
  failover: boolean,
): LocalityLevel[] {
  if (endpoints.length === 0) return [];
  if (policy?.distribute !== undefined) {
    const share = policy.distribute.find(({ from }) => covers(from, caller.locality));
    return share === undefined ? [[all(endpoints)]] : distributed(share.to, endpoints);
  }
  const ordered = failover || policy?.regions === true;
  return ordered ? byPriority(policy, endpoints, caller) : [[all(endpoints)]];
}

function all(endpoints: readonly EndpointState[]): LocalityGroup {
  return { endpoints, weight: 1 };
}

/** Localities that nobody names are left out. A locality belongs to the first pattern that covers it. */
function distributed(
  shares: Readonly<Record<string, number>>,
  endpoints: readonly EndpointState[],
): LocalityLevel[] {
  const left = new Set(endpoints);
  const groups: LocalityGroup[] = [];
  for (const [pattern, weight] of Object.entries(shares)) {
    const found = [...left].filter(({ endpoint }) => covers(pattern, endpoint.locality ?? ''));
    for (const one of found) left.delete(one);
    if (found.length > 0) groups.push({ endpoints: found, weight });
  }
  return groups.length === 0 ? [] : [groups];
}

function byPriority(
  policy: LocalityPolicy | undefined,
  endpoints: readonly EndpointState[],
  caller: Caller,
): LocalityLevel[] {
  const levels = new Map<number, EndpointState[]>();
  for (const state of endpoints) {
    const priority = priorityOf(policy, state, caller);
    const level = levels.get(priority);
    if (level === undefined) levels.set(priority, [state]);
    else level.push(state);
  }
  return [...levels].sort(([one], [other]) => one - other).map(([, found]) => [all(found)]);
}

/** Distances there are: the same place, zone or region, another region, a region that does not stand in. */
const DISTANCES = 5;

function priorityOf(policy: LocalityPolicy | undefined, state: EndpointState, caller: Caller): number {
  const priorities = policy?.failoverPriority ?? [];
  const failover = policy?.failover ?? [];
  const locality = state.endpoint.locality ?? '';
  const regions = policy?.regions === true;
  const far = regions ? regionDistance : distance;
  if (priorities.length === 0) return far(caller.locality, locality, failover);
  const mismatch = firstMismatch(priorities, state, caller);
  if (failover.length === 0 && !regions) return mismatch;
  return mismatch * DISTANCES + far(caller.locality, locality, failover);
}

function distance(from: string, to: string, failover: NonNullable<LocalityPolicy['failover']>): number {
  const [region, zone, subzone] = partsOf(from);
  const [otherRegion, otherZone, otherSubzone] = partsOf(to);
  if (region === otherRegion) {
    if (zone !== otherZone) return 2;
    return subzone === otherSubzone ? 0 : 1;
  }
  const stands = failover.find((entry) => entry.from === region);
  return stands === undefined || stands.to === otherRegion ? 3 : 4;
}

/** 0: the same region; 1: the one that stands in for it; 2: any other. */
function regionDistance(from: string, to: string, failover: NonNullable<LocalityPolicy['failover']>): number {
  const [[region], [other]] = [partsOf(from), partsOf(to)];
  if (region === other) return 0;
  return failover.find((entry) => entry.from === region)?.to === other ? 1 : 2;
}

const NETWORK = 'topology.istio.io/network';

/** 0: the endpoint shares all labels with the caller; the earlier the first one that differs, the more. */
function firstMismatch(priorities: readonly string[], state: EndpointState, caller: Caller): number {
  let otherNetwork = 0;
  for (const [index, entry] of priorities.entries()) {
    const [label = '', wanted] = entry.split('=');
    const mine = wanted ?? labelOf(label, caller.labels, caller.locality);
    if (mine === labelOf(label, state.endpoint.labels, state.endpoint.locality ?? '')) continue;
    // Another network is farther than everything in one's own, and is ordered within itself.
    if (index === 0 && label === NETWORK) otherNetwork = priorities.length;
    else return otherNetwork + priorities.length - index;
  }
  return otherNetwork;
}

const PLACES = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

/** Where somebody is counts as labels too. */
function labelOf(label: string, labels: Readonly<Record<string, string>>, locality: string): string {
  if (Object.hasOwn(labels, label)) return labels[label]!;
  const place = PLACES.indexOf(label);
  return place < 0 ? '' : partsOf(locality)[place]!;
}

function partsOf(locality: string): [string, string, string] {
  const [region = '', zone = '', subzone = ''] = locality.split('/');
  return [region, zone, subzone];
}

/** A part that is `*` or left out covers every value; the region cannot be left out. */
function covers(pattern: string, locality: string): boolean {
  const [region, zone, subzone] = partsOf(pattern);
  const place = partsOf(locality);
  return (
    (region === '*' || region === place[0]) &&
    (zone === '*' || zone === '' || zone === place[1]) &&
    (subzone === '*' || subzone === '' || subzone === place[2])
  );
}
