/** The `heddle` command as a function, for tests and for programs that bring it along. */

export type { MeshReport, WorkloadReport, WorkloadState } from './commands/status.js';
export type { Io, Output } from './io.js';
export { run } from './run.js';
