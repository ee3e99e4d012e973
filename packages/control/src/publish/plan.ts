/** What applying documents would write, resource by resource. Pure. */
import type { Resource } from 'heddle/policy';
import { resourceKey } from '../keys.js';
import type { Entry, Operation } from '../store/store.js';
import { isSameResource, isSameSpec, resourceOf, type StoredResource } from './stored.js';

export type ApplyAction = 'created' | 'configured' | 'unchanged';

export interface ApplyResult {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly result: ApplyAction;
  /** Of the write; of the last one if nothing changed. */
  readonly resourceVersion: string;
}

export interface PlannedWrite {
  readonly resource: Resource;
  readonly action: ApplyAction;
  readonly key: string;
  /** What the plan was made on; 0: nothing was there. */
  readonly modRevision: number;
  /** Absent when there is nothing to do. */
  readonly operation?: Operation;
}

export interface Writer {
  readonly author: string;
  /** RFC 3339. */
  readonly now: string;
}

export type Plan =
  | { readonly ok: true; readonly writes: readonly PlannedWrite[] }
  | { readonly ok: false; readonly because: string };

/**
 * @param current the stored entry of each key that `resources` name
 * @returns not ok if a document says which version it was made from, and that is not the stored one
 */
export function plan(
  resources: readonly Resource[],
  current: ReadonlyMap<string, Entry>,
  writer: Writer,
): Plan {
  const writes: PlannedWrite[] = [];
  for (const resource of resources) {
    const { namespace, name, resourceVersion } = resource.metadata;
    const key = resourceKey(resource.kind, namespace, name);
    const entry = current.get(key);
    const modRevision = entry?.modRevision ?? 0;
    if (resourceVersion !== undefined && resourceVersion !== String(modRevision)) {
      const now = entry === undefined ? 'it is not there (any more)' : `it is at revision ${modRevision} now`;
      return {
        ok: false,
        because: `${resource.kind} ${namespace}/${name} was changed from revision ${resourceVersion}, but ${now}; read it again and redo the change`,
      };
    }
    writes.push(planOne({ resource, key, entry, modRevision }, writer));
  }
  return { ok: true, writes };
}

interface Target {
  readonly resource: Resource;
  readonly key: string;
  readonly entry: Entry | undefined;
  readonly modRevision: number;
}

function planOne({ resource, key, entry, modRevision }: Target, { author, now }: Writer): PlannedWrite {
  const before = entry === undefined ? undefined : resourceOf(entry);
  if (before !== undefined && isSameResource(before, resource)) {
    return { resource: before, action: 'unchanged', key, modRevision };
  }
  const { resourceVersion: _, ...given } = resource.metadata;
  const generation = before?.metadata.generation ?? 0;
  const written: Resource = {
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    metadata: {
      ...given,
      creationTimestamp: before?.metadata.creationTimestamp ?? now,
      generation: before !== undefined && isSameSpec(before, resource) ? generation : generation + 1,
    },
    spec: resource.spec,
  };
  const value: StoredResource = { resource: written, author, writtenAt: now };
  const action = before === undefined ? 'created' : 'configured';
  return { resource: written, action, key, modRevision, operation: { type: 'put', key, value } };
}
