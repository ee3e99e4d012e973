/**
 * Sidecar: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateSidecar; spec validation.md §5
 */
import type { ResourceMetadata } from '../resource.js';
import type { Findings } from './kind.js';
import type { SidecarSpec } from './sidecar.js';

export function checkSidecar(_spec: SidecarSpec, _findings: Findings, _metadata: ResourceMetadata): void {}
