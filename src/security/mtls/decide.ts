/**
 * Mutual TLS decisions: what a port takes, what is done with a connection, and whether a call is made with mesh identity. Pure.
 * @source Istio `pilot/pkg/security/authn/policy_applier.go`, `pilot/pkg/networking/core/{listener_inbound,cluster_tls}.go`
 */
import type { EffectiveMtls, MtlsMode } from './policy.js';

/** The mode of one port that the workload listens on. */
export function mtlsModeFor(inbound: { readonly mtls: EffectiveMtls }, port: number): MtlsMode {
  const { ports, mode } = inbound.mtls;
  const key = String(port);
  return Object.hasOwn(ports, key) ? ports[key]! : mode;
}

/**
 * What to do with a new connection.
 * - `tls`: terminate mutual TLS; the peer must show a certificate of the mesh.
 * - `plain`: hand the bytes on as they are. On a `DISABLE` port that may be a TLS handshake, which is then the application's.
 * - `refuse`: close it without an answer.
 */
export type ConnectionDecision = 'tls' | 'plain' | 'refuse';

export function decideConnection(mode: MtlsMode, firstByteIsTls: boolean): ConnectionDecision {
  if (mode === 'DISABLE') return 'plain';
  if (firstByteIsTls) return 'tls';
  return mode === 'STRICT' ? 'refuse' : 'plain';
}

/** First byte of a TLS connection: a handshake record. */
export const TLS_HANDSHAKE = 0x16;

/**
 * Is a call to this endpoint made with mesh identity? `auto` asks the endpoint; `mesh` (Istio's ISTIO_MUTUAL) insists, so that the call
 * fails where the endpoint cannot; other modes never show our identity.
 */
export function decideTls(tls: { readonly mode: string }, endpoint: { readonly mtls: boolean }): boolean {
  return tls.mode === 'mesh' || (tls.mode === 'auto' && endpoint.mtls);
}
