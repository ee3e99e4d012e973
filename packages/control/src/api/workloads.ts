/** `GET /v1/workloads`: who runs, as whom, and with which revision. */
import type { Hub } from '../distribute/hub.js';
import type { StreamStatus } from '../distribute/stream.js';
import type { Registry } from '../registry/registry.js';
import type { WorkloadRecord } from '../registry/services.js';
import { sendJson } from './request.js';
import type { Route } from './router.js';

export interface WorkloadStatus extends WorkloadRecord {
  /** null: its stream is lost (or held by another replica), and its lease has not run out yet. */
  readonly stream: StreamStatus | null;
}

export function workloadRoutes(registry: Registry, hub: Hub): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/workloads',
      access: 'operator',
      async handle({ response, url }) {
        const namespace = url.searchParams.get('namespace');
        const statuses = hub.statuses();
        const items: WorkloadStatus[] = (await registry.records())
          .filter(({ workload }) => namespace === null || workload.namespace === namespace)
          .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
          .map((record) => ({ ...record, stream: statuses.get(record.id) ?? null }));
        sendJson(response, { items });
      },
    },
  ];
}

function orderOf({ workload, id }: WorkloadRecord): string {
  return `${workload.namespace}/${workload.name}/${id}`;
}
