import { joinVersion, KINDS } from '../kinds/index.js';
import type { Resource } from '../resource.js';

/** What every resource has, whatever its kind. */
export interface NamedMetadata {
  /** Unique within kind and namespace. */
  readonly name: string;
  /** @default 'default' */
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The same for kinds whose spec has no labels of its own. */
export interface LabelledMetadata extends NamedMetadata {
  /** Of the resource itself, for people and tools. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A resource of the newest version of `kind`, with nothing but what was said. */
export function build(
  kind: string,
  { name, namespace, annotations, ...spec }: NamedMetadata,
  labels?: LabelledMetadata['labels'],
): Resource {
  const { group, versions } = KINDS.find((known) => known.kind === kind)!;
  return {
    apiVersion: joinVersion(group, versions[0]!),
    kind,
    metadata: {
      name,
      namespace: namespace ?? 'default',
      ...(labels !== undefined && { labels }),
      ...(annotations !== undefined && { annotations }),
    },
    spec,
  };
}

export function buildLabelled(kind: string, { labels, ...rest }: LabelledMetadata): Resource {
  return build(kind, rest, labels);
}
