/** The config service, for those who start it in their own process. The wire is `heddle/ports`; the HTTP API is in `docs/`. */

export type { AuthorityInfo, CaStatus, IntermediateInfo, IssuedList, RootInfo } from './api/ca.js';
export type { DeniedList } from './api/denied.js';
export type { WorkloadStatus } from './api/workloads.js';
export type { StreamStatus } from './distribute/stream.js';
export type { RelationStatus } from './federation/federation.js';
export type { DeniedEntry } from './issuer/deny-list.js';
export type { IssuancePolicy, IssuanceRule } from './issuer/issuance-policy.js';
export type { IssuedRecord } from './issuer/issued.js';
export type { KubernetesSettings } from './issuer/proofs/index.js';
export type { Revoked } from './issuer/revoke.js';
export type { TokenInfo } from './issuer/tokens.js';
export { jsonLog, type Log, type LogFields, type LogRecord } from './log.js';
export type { ApplyAction, ApplyResult } from './publish/plan.js';
export type { ApplyAnswer } from './publish/publisher.js';
export { type Control, startControl } from './server.js';
export type { ControlOptions } from './settings.js';
