/**
 * Gateway: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateGateway; spec validation.md §4
 */
import type { ResourceMetadata } from '../resource.js';
import type { GatewaySpec } from './gateway.js';
import type { Findings } from './kind.js';

export function checkGateway(_spec: GatewaySpec, _findings: Findings, _metadata: ResourceMetadata): void {}
