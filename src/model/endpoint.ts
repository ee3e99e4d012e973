/** One address that can take an attempt. Immutable; two endpoints are the same one if their `key` is. */
export interface Endpoint {
  /** `address:port`; the subject by which state is kept. */
  readonly key: string;
  /** An IP address, or a DNS name that is resolved when connecting. */
  readonly address: string;
  readonly port: number;
  /** The DNS name by which `address` was found: what the certificate of a peer outside the mesh must bear. */
  readonly name?: string;
  /** Of the workload behind it; what subsets select by. */
  readonly labels: Readonly<Record<string, string>>;
  /** Relative share; 1 or more. */
  readonly weight: number;
  /** `region/zone/subzone`. */
  readonly locality?: string;
  /** SPIFFE ID that the workload proved when it registered; absent outside the mesh. */
  readonly spiffeId?: string;
  /** Whether the workload takes mTLS on this port (Istio's label `security.istio.io/tlsMode=istio`). */
  readonly mtls: boolean;
  /** Name of the workload, for people. */
  readonly workload?: string;
}

export function endpointKey(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
