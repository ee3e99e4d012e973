/**
 * WorkloadEntry: what its schema cannot say.
 * @source Istio `pkg/config/validation/validation.go` validateWorkloadEntry; spec validation.md §6
 */
import type { Findings } from './kind.js';
import type { WorkloadEntrySpec } from './workload-entry.js';

export function checkWorkloadEntry(_spec: WorkloadEntrySpec, _findings: Findings): void {}
