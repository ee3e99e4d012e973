/**
 * WorkloadGroup: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` ValidateWorkloadGroup; spec validation.md §6
 */
import type { Findings } from './kind.js';
import type { WorkloadGroupSpec } from './workload-group.js';

export function checkWorkloadGroup(_spec: WorkloadGroupSpec, _findings: Findings): void {}
