/** How a resource lies in the store. */
import type { Resource } from 'heddle/policy';
import type { Entry } from '../store/store.js';

export interface StoredResource {
  /** Its `metadata.resourceVersion` is not kept: it is the revision of the key. */
  readonly resource: Resource;
  /** Who wrote it last. */
  readonly author: string;
  /** RFC 3339. */
  readonly writtenAt: string;
}

/** The resource as it is shown: with the revision of its last write. */
export function resourceOf(entry: Entry): Resource {
  const { resource } = entry.value as StoredResource;
  return { ...resource, metadata: { ...resource.metadata, resourceVersion: String(entry.modRevision) } };
}

/** Same meaning, whatever the order of keys and whoever wrote it when? */
export function isSameResource(a: Resource, b: Resource): boolean {
  return canonical(writtenPart(a)) === canonical(writtenPart(b));
}

/** Same spec? Then the generation stays. */
export function isSameSpec(a: Resource, b: Resource): boolean {
  return canonical(a.spec) === canonical(b.spec);
}

function writtenPart({ apiVersion, kind, metadata, spec }: Resource): unknown {
  const { name, namespace, labels = {}, annotations = {} } = metadata;
  return { apiVersion, kind, name, namespace, labels, annotations, spec };
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
