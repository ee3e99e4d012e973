/** What is said of the fields of every kind. */
import type { Notes } from '../note.js';
import { authorizationPolicyNotes } from './authorization-policy.js';
import { destinationRuleNotes } from './destination-rule.js';
import { gatewayNotes } from './gateway.js';
import { meshConfigNotes } from './mesh-config.js';
import { peerAuthenticationNotes } from './peer-authentication.js';
import { policyTestNotes } from './policy-test.js';
import { rateLimitNotes } from './rate-limit.js';
import { requestAuthenticationNotes } from './request-authentication.js';
import { resiliencePolicyNotes } from './resilience-policy.js';
import { serviceNotes } from './service.js';
import { serviceEntryNotes } from './service-entry.js';
import { sidecarNotes } from './sidecar.js';
import { telemetryNotes } from './telemetry.js';
import { virtualServiceNotes } from './virtual-service.js';
import { workloadEntryNotes } from './workload-entry.js';
import { workloadGroupNotes } from './workload-group.js';

/** By kind. */
export const NOTES: Readonly<Record<string, Notes>> = {
  VirtualService: virtualServiceNotes,
  DestinationRule: destinationRuleNotes,
  ServiceEntry: serviceEntryNotes,
  WorkloadEntry: workloadEntryNotes,
  WorkloadGroup: workloadGroupNotes,
  Gateway: gatewayNotes,
  Sidecar: sidecarNotes,
  Service: serviceNotes,
  PeerAuthentication: peerAuthenticationNotes,
  RequestAuthentication: requestAuthenticationNotes,
  AuthorizationPolicy: authorizationPolicyNotes,
  Telemetry: telemetryNotes,
  ResiliencePolicy: resiliencePolicyNotes,
  RateLimit: rateLimitNotes,
  MeshConfig: meshConfigNotes,
  PolicyTest: policyTestNotes,
};
