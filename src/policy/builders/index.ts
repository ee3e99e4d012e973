/** Policy written in TypeScript: types of every kind, and functions that make resources of them. */
export type { LabelledMetadata, NamedMetadata } from './build.js';
export { meshConfig, rateLimit, resiliencePolicy, telemetry } from './extras.js';
export {
  destinationRule,
  gateway,
  service,
  serviceEntry,
  sidecar,
  virtualService,
  workloadEntry,
  workloadGroup,
} from './networking.js';
export { authorizationPolicy, peerAuthentication, requestAuthentication } from './security.js';
export type * from './specs/index.js';
export { toYaml } from './to-yaml.js';
