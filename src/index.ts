/** Heddle, the service mesh inside the process. */

// For authors of adapters there are `heddle/ports`, `heddle/policy`, `heddle/security` and `heddle/observability`.
export type { CallListener, CallStart, MeshCalls, StartedCall } from './adapters/calls/index.js';
export type { FetchInit, MeshFetch } from './adapters/fetch/index.js';
export type { Listening, ListenTarget } from './adapters/node-http/index.js';
export type { ConnectionTarget, ConnectOptions, MeshConnect } from './adapters/tcp/index.js';
export type { MeshRequest, RequestOptions, RequestResult } from './adapters/undici/request.js';
// For users.
export { isMeshError, MeshError, type MeshErrorCode } from './base/errors.js';
export type { MeshContext } from './mesh/context.js';
export {
  join,
  type Mesh,
  type MeshListenOptions,
  type MeshStatus,
  type MeshTcpListenOptions,
} from './mesh.js';
export type { Outcome } from './model/outcome.js';
export { type JoinOptions, VARIABLES } from './settings.js';
