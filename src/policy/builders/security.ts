/** Builders of the security kinds: plain resources, to be written as YAML or applied. They check types; `analyze` checks the rest. */
import type { Resource } from '../resource.js';
import { buildLabelled, type LabelledMetadata } from './build.js';
import type {
  AuthorizationPolicySpec,
  PeerAuthenticationSpec,
  RequestAuthenticationSpec,
} from './specs/index.js';

/** Which of the connections that arrive must be mutual TLS. */
export function peerAuthentication(of: LabelledMetadata & PeerAuthenticationSpec): Resource {
  return buildLabelled('PeerAuthentication', of);
}

/** Which tokens a workload takes, and from whom. */
export function requestAuthentication(of: LabelledMetadata & RequestAuthenticationSpec): Resource {
  return buildLabelled('RequestAuthentication', of);
}

/** Who may ask a workload for what. */
export function authorizationPolicy(of: LabelledMetadata & AuthorizationPolicySpec): Resource {
  return buildLabelled('AuthorizationPolicy', of);
}
