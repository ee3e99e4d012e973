/** Policy as text, for tests that are about something else. Join several with `---`: {@link policies}. */

/** @example policies(peerAuthentication('STRICT'), denyPaths('/shut')) */
export function policies(...documents: readonly string[]): string {
  return documents.join('---\n');
}

/** Of the namespace `default`. @param mode `STRICT`, `PERMISSIVE` or `DISABLE` */
export function peerAuthentication(mode: string): string {
  return `apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: ${mode} } }
`;
}

/** Refuses requests for any of `paths`, in the namespace `default`. */
export function denyPaths(...paths: readonly string[]): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: shut, namespace: default }
spec:
  action: DENY
  rules: [{ to: [{ operation: { paths: ${JSON.stringify(paths)} } }] }]
`;
}
