/** Resources of one kind, their specs proved by its schema. */
import type { KindDefinition } from '../kinds/kind.js';
import type { Resource, ResourceMetadata } from '../resource.js';

/** A resource whose spec was proved. */
export interface Typed<Spec> {
  readonly metadata: ResourceMetadata;
  /** `ns/name`. */
  readonly id: string;
  readonly spec: Spec;
}

/** Those of one kind, typed. */
export function ofKind<Spec>(resources: readonly Resource[], kind: KindDefinition<Spec>): Typed<Spec>[] {
  const found: Typed<Spec>[] = [];
  for (const { apiVersion, kind: name, metadata, spec } of resources) {
    if (name !== kind.kind) continue;
    const slash = apiVersion.lastIndexOf('/');
    if ((slash < 0 ? '' : apiVersion.slice(0, slash)) !== kind.group) continue;
    const parsed = kind.schema.safeParse(spec);
    if (parsed.success)
      found.push({ metadata, id: `${metadata.namespace}/${metadata.name}`, spec: parsed.data });
  }
  return found;
}
