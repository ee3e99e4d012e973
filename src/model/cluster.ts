/** Names of clusters, the same as Istio's, so that dashboards and people recognise them. */

/**
 * `outbound|PORT|SUBSET|HOST`; the subset is empty when all endpoints are meant.
 * @source Istio `pilot/pkg/model/service.go` BuildSubsetKey
 */
export function clusterName(port: number, subset: string, host: string): string {
  return `outbound|${port}|${subset}|${host}`;
}

export interface ClusterParts {
  readonly port: number;
  readonly subset: string;
  readonly host: string;
}

/** The parts of a name made by {@link clusterName}, or undefined. */
export function parseClusterName(name: string): ClusterParts | undefined {
  const parts = name.split('|');
  if (parts.length !== 4 || parts[0] !== 'outbound') return undefined;
  const port = Number(parts[1]);
  return Number.isInteger(port) ? { port, subset: parts[2]!, host: parts[3]! } : undefined;
}
