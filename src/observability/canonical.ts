/**
 * What a workload is called where its name does not matter.
 * @source Istio `pkg/model` canonical service and revision; spec observability.md §1.3
 */
export function canonicalService(labels: Readonly<Record<string, string>>, otherwise: string): string {
  return (
    labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels.app ?? otherwise
  );
}

export function canonicalRevision(labels: Readonly<Record<string, string>>): string {
  return (
    labels['service.istio.io/canonical-revision'] ??
    labels['app.kubernetes.io/version'] ??
    labels.version ??
    'latest'
  );
}
