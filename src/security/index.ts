/**
 * Workload identity, for those who build on it: certificates and requests, SVIDs, trust bundles, TLS contexts.
 * Entry point `heddle/security`.
 */

export { SpiffeId } from '../model/spiffe-id.js';
export type { DenyList, ForeignBundle, IdentitySource, Svid, TrustBundle } from '../ports/identity.js';
export {
  findPinned,
  fingerprint,
  formatBundle,
  MAX_DENIED,
  MAX_ROOTS,
  mergeBundles,
  sameBundle,
  trustBundle,
} from './bundle/bundle.js';
export { denialOf, deniedBecause } from './bundle/denied.js';
export { checkedBundle, MAX_FEDERATED, rootsFor, withFederated } from './bundle/federated.js';
export {
  formatSpiffeBundle,
  type JwtAuthority,
  MAX_BUNDLE_LENGTH,
  readSpiffeBundle,
  type SpiffeBundle,
} from './bundle/spiffe-bundle.js';
export {
  type AuthorityWish,
  type IntermediateSignature,
  type IntermediateWish,
  makeIntermediate,
  makeRoot,
  signIntermediate,
} from './certificate/authority.js';
export { type CertificateFields, type KeyUsage, readCertificate } from './certificate/fields.js';
export {
  createRoot,
  crossCertificate,
  type IssueOptions,
  Issuer,
  type IssuerPair,
  issueCertificate,
  type RootOptions,
} from './certificate/issue.js';
export { type KeyType, keyFault, newKey } from './certificate/keys.js';
export { fromPem, splitPem, toPem } from './certificate/pem.js';
export { exportPkcs12, importPkcs12, type KeyAndChain } from './certificate/pkcs12.js';
export { type CertificateRequest, createRequest, parseRequest } from './certificate/request.js';
export { type JwtSvid, type JwtSvidKey, type JwtSvidRules, verifyJwtSvid } from './jwt-svid/verify.js';
export { chainFault } from './svid/chain.js';
export { type IssuedSvid, readPrivateKey, receiveSvid } from './svid/receive.js';
export { type IdentityStatus, RenewingIdentity, type RenewingIdentityOptions } from './svid/renewing.js';
export {
  type PeerRules,
  type PeerVerdict,
  type PresentedCertificate,
  spiffeIdOf,
  svidFault,
  verifyPeer,
} from './svid/verify.js';
export { type MeshServerOptions, TlsContexts, type TlsContextsOptions } from './tls/contexts.js';
export { ClientHandshake, type HandshakeOptions } from './tls/handshake.js';
export { type TlsSession, TlsSessions } from './tls/sessions.js';
export { type FetchText, KeySets, type KeySetsOptions } from './token/jwks.js';
export { MAX_JWKS_LENGTH } from './token/jwks-text.js';
export type { KeySet } from './token/key-set.js';
export { type ParsedToken as ParsedJwt, parseToken as parseJwt } from './token/parse.js';
export type { TokenKeys } from './token/policy.js';
