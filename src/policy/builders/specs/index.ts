// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.
export type { AuthorizationPolicySpec } from './authorization-policy.js';
export type { DestinationRuleSpec } from './destination-rule.js';
export type { GatewaySpec } from './gateway.js';
export type { MeshConfigSpec } from './mesh-config.js';
export type { PeerAuthenticationSpec } from './peer-authentication.js';
export type { RateLimitSpec } from './rate-limit.js';
export type { RequestAuthenticationSpec } from './request-authentication.js';
export type { ResiliencePolicySpec } from './resilience-policy.js';
export type { ServiceSpec } from './service.js';
export type { ServiceEntrySpec } from './service-entry.js';
export type { SidecarSpec } from './sidecar.js';
export type { TelemetrySpec } from './telemetry.js';
export type { VirtualServiceSpec } from './virtual-service.js';
export type { WorkloadEntrySpec } from './workload-entry.js';
export type { WorkloadGroupSpec } from './workload-group.js';
