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

/** undefined: of another kind, or not of its shape. */
export function typed<Spec>(
  { apiVersion, kind: name, metadata, spec }: Resource,
  kind: KindDefinition<Spec>,
): Typed<Spec> | undefined {
  if (name !== kind.kind) return undefined;
  const slash = apiVersion.lastIndexOf('/');
  if ((slash < 0 ? '' : apiVersion.slice(0, slash)) !== kind.group) return undefined;
  const parsed = kind.schema.safeParse(spec);
  return parsed.success
    ? { metadata, id: `${metadata.namespace}/${metadata.name}`, spec: parsed.data }
    : undefined;
}

/** Those of one kind, typed. */
export function ofKind<Spec>(resources: readonly Resource[], kind: KindDefinition<Spec>): Typed<Spec>[] {
  return resources.flatMap((resource) => typed(resource, kind) ?? []);
}
