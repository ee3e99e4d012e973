/** To whom a call goes: all clusters with their shares, or the one that was drawn. */
import type { ExplainedCluster, OutboundExplanation } from '../outbound-question.js';
import type { Differences } from './differences.js';
import { sameHost, shortHost, type Target, targetOf } from './names.js';
import type { CallExpectation } from './schema.js';

type Place = Pick<ExplainedCluster, 'host' | 'subset' | 'port'>;

export function compareClusters(
  { to, shares }: CallExpectation,
  actual: OutboundExplanation,
  namespace: string,
  found: Differences,
): void {
  const clusters = actual.clusters.filter(({ weight }) => weight > 0);
  if (to !== undefined) {
    const target = targetOf(to);
    const drawn = clusters.filter(({ name }) => actual.picked === null || name === actual.picked);
    if (drawn.length === 0 || !drawn.every((cluster) => matchesTarget(target, cluster, namespace)))
      found.add('to', showTarget(target), showShares(drawn, namespace));
  }
  if (shares !== undefined && !sharesHold(shares, clusters, namespace))
    found.add('shares', showExpectedShares(shares), showShares(clusters, namespace));
}

function sharesHold(
  shares: Readonly<Record<string, number>>,
  clusters: readonly ExplainedCluster[],
  namespace: string,
): boolean {
  const total = sum(Object.values(shares));
  const left = new Map(Object.entries(shares).map(([key, share]) => [key, share / total]));
  for (const cluster of clusters) {
    const key = Object.keys(shares).find((name) => isNamed(name, cluster, namespace));
    if (key === undefined) return false;
    left.set(key, left.get(key)! - cluster.weight);
  }
  return [...left.values()].every((rest) => Math.abs(rest) < SMALLEST_SHARE);
}

/** A hundredth of what people write: 33.3 of 99.9 is a third. */
const SMALLEST_SHARE = 1e-6;

/** `v2`, `reviews` or `reviews v2`. */
function isNamed(name: string, cluster: Place, namespace: string): boolean {
  return cluster.subset === name || matchesTarget(targetOf(name), cluster, namespace);
}

export function matchesTarget({ host, subset, port }: Target, place: Place, namespace: string): boolean {
  return (
    (host === undefined || sameHost(host, place.host, namespace)) &&
    (subset === undefined || subset === place.subset) &&
    (port === undefined || port === place.port)
  );
}

export function showTarget({ host, subset, port }: Target): string {
  const address = `${host ?? 'any host'}${port === undefined ? '' : `:${port}`}`;
  return subset === undefined ? address : `${address} ${subset === '' ? '(no subset)' : subset}`;
}

export function showCluster({ host, subset, port }: Place, namespace: string): string {
  return `${shortHost(host, namespace)}:${port}${subset === '' ? '' : ` ${subset}`}`;
}

function showShares(clusters: readonly ExplainedCluster[], namespace: string): string {
  if (clusters.length === 0) return 'nowhere';
  return clusters
    .map((cluster) => {
      const place = showCluster(cluster, namespace);
      return clusters.length === 1 ? place : `${percent(cluster.weight)} % ${place}`;
    })
    .join(', ');
}

function showExpectedShares(shares: Readonly<Record<string, number>>): string {
  const total = sum(Object.values(shares));
  return Object.entries(shares)
    .map(([name, share]) => `${percent(share / total)} % ${name}`)
    .join(', ');
}

function percent(fraction: number): number {
  return Math.round(fraction * 10_000) / 100;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
