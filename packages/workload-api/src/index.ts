/** Identity of a mesh from the SPIFFE Workload API, over its Unix socket: SPIRE agents speak it. */
import { MeshError } from 'heddle/ports';
import { WorkloadApi, type WorkloadApiOptions } from './workload-api.js';

export type { WorkloadApi, WorkloadApiOptions } from './workload-api.js';

/**
 * Follows the Workload API from now on. For `join({ identity: workloadApi() })`; the same as `HEDDLE_IDENTITY=spiffe`.
 * @throws MeshError `HEDDLE_INVALID_SETTING` if neither `endpoint` nor `SPIFFE_ENDPOINT_SOCKET` says where it is, or wrongly
 */
export function workloadApi(options: WorkloadApiOptions = {}): WorkloadApi {
  const endpoint = options.endpoint ?? process.env.SPIFFE_ENDPOINT_SOCKET?.trim();
  if (endpoint !== undefined && endpoint !== '') return new WorkloadApi(endpoint, options);
  throw new MeshError(
    'nothing says where the SPIFFE Workload API is: set SPIFFE_ENDPOINT_SOCKET, such as unix:///run/spire/agent/sockets/agent.sock',
    { code: 'HEDDLE_INVALID_SETTING' },
  );
}
