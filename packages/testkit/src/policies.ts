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

export interface MeshServiceOptions {
  readonly host: string;
  /** On this machine. */
  readonly port: number;
  /** SPIFFE ID that callers expect there; null: they call in plain text. */
  readonly id: string | null;
  /** Requests on one connection; 0: as many as there are. @default 0 */
  readonly perConnection?: number;
}

/** A service of HTTP on port 80 with one endpoint, and how callers reach it. */
export function meshService({ host, port, id, perConnection = 0 }: MeshServiceOptions): string {
  const [name] = host.split('.');
  const tls = id === null ? '{ mode: DISABLE }' : `{ mode: ISTIO_MUTUAL, subjectAltNames: ['${id}'] }`;
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${host}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${port} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: default }
spec:
  host: ${host}
  trafficPolicy:
    tls: ${tls}
    connectionPool: { http: { maxRequestsPerConnection: ${perConnection} } }
`;
}
