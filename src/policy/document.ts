/**
 * One YAML document as a resource: its envelope (apiVersion, kind, metadata) checked, its spec left to the kind.
 */
import { z } from 'zod';
import { kindOf } from './kinds/index.js';
import { type FieldPath, formatPath } from './kinds/kind.js';
import type { Message, Resource, ResourceMetadata } from './resource.js';
import { describeIssues } from './schema-issues.js';
import { unknownKind } from './unknown-kind.js';
import { withoutNulls } from './unset.js';

/** Per file. A choice of this library: Istio's stores limit a single resource to about 1.5 MiB. */
export const MAX_FILE_CHARACTERS = 8 * 1024 * 1024;

export interface ParseFault
  extends Pick<Message, 'code' | 'level' | 'kind' | 'namespace' | 'name' | 'message' | 'path'> {
  /** From the document's root. */
  readonly at: FieldPath;
}

export interface Found {
  readonly resource: Resource;
  /** From the document's root: within a List a resource is not at the top. */
  readonly base: FieldPath;
}

export interface DocumentContents {
  readonly resources: readonly Found[];
  /** Of Kubernetes, not policy. `spec` is the whole document, as it was written. */
  readonly others: readonly Found[];
  readonly faults: readonly ParseFault[];
}

/** With capitals, as Istio's validation takes them; only of a Service they would end up in the name of a host. */
const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i, 'is not a name: expected letters, digits, - and .');

const namespace = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'is not a name: expected a-z, 0-9, - and .');

const text = z.record(z.string(), z.string());

/** What Kubernetes adds by itself is let through: it is nobody's mistake. */
const metadataSchema = z.strictObject({
  name,
  namespace: namespace.optional(),
  labels: text.optional(),
  annotations: text.optional(),
  creationTimestamp: z.string().optional(),
  resourceVersion: z.union([z.string(), z.int()]).optional(),
  generation: z.int().optional(),
  generateName: z.unknown().optional(),
  uid: z.unknown().optional(),
  selfLink: z.unknown().optional(),
  managedFields: z.unknown().optional(),
  ownerReferences: z.unknown().optional(),
  finalizers: z.unknown().optional(),
  deletionTimestamp: z.unknown().optional(),
  deletionGracePeriodSeconds: z.unknown().optional(),
});

const envelopeSchema = z
  .strictObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: metadataSchema,
    spec: z.record(z.string(), z.unknown()).optional(),
    status: z.unknown().optional(),
  })
  .refine(({ kind, metadata }) => kind !== 'Service' || !/[A-Z]/.test(metadata.name), {
    path: ['metadata', 'name'],
    message: 'is not the name of a Service: it has capitals',
  });

/** @param value of one YAML document, as {@link readValue} made it */
export function readDocument(value: unknown): DocumentContents {
  const contents = { resources: [], others: [], faults: [] };
  if (value !== null && value !== undefined) readEntry(value, [], contents);
  return contents;
}

interface Collected {
  readonly resources: Found[];
  readonly others: Found[];
  readonly faults: ParseFault[];
}

function readEntry(value: unknown, base: FieldPath, into: Collected): void {
  const { resources, others, faults } = into;
  if (!isObject(value)) {
    faults.push(fault(base, {}, 'not a resource: expected apiVersion, kind, metadata and spec'));
    return;
  }
  if (value.kind === 'List' && value.apiVersion === 'v1' && Array.isArray(value.items) && base.length === 0) {
    for (const [index, item] of value.items.entries()) readEntry(item, ['items', index], into);
    return;
  }
  const about = identify(value);
  if (typeof value.apiVersion === 'string' && typeof value.kind === 'string') {
    const unknown = unknownKind(value.apiVersion, value.kind);
    if (unknown !== null) {
      faults.push({
        ...fault([...base, 'kind'], about, unknown.message, unknown.code),
        level: unknown.level,
        path: 'kind',
      });
      if (unknown.level === 'info') others.push({ resource: foreign(value, about), base });
      return;
    }
  }
  const schema = schemaOf(value);
  const { value: set, lost } = withoutNulls(schema, value);
  const refuse = (path: FieldPath, message: string) =>
    faults.push({ ...fault([...base, ...path], about, message, 'IST0106'), path: formatPath(path) });
  const parsed = envelopeSchema.safeParse(set);
  for (const issue of parsed.success ? [] : describeIssues(envelopeSchema, parsed.error.issues, set))
    refuse(issue.path, issue.message);
  for (const path of lost) refuse(path, "'__proto__' cannot be a key here; name it differently");
  if (!parsed.success || lost.length > 0) return;
  const { apiVersion, kind, metadata, spec } = parsed.data;
  resources.push({
    resource: { apiVersion, kind, metadata: readMetadata(metadata), spec: spec ?? {} },
    base,
  });
}

/** Templates write labels of the resource itself that are null: they were not set, and nothing matches more without them. */
const looseMetadata = z.looseObject({ labels: z.looseObject({}), annotations: z.looseObject({}) });

/** Of the whole document, for where it has maps. */
function schemaOf({ apiVersion, kind }: Readonly<Record<string, unknown>>): z.ZodType {
  const spec = kindOf(String(apiVersion), String(kind))?.schema ?? z.unknown();
  return z.looseObject({ metadata: looseMetadata, spec });
}

function readMetadata(from: z.infer<typeof metadataSchema>): ResourceMetadata {
  const version = from.resourceVersion;
  return {
    name: from.name,
    namespace: from.namespace ?? 'default',
    ...(from.labels !== undefined && { labels: from.labels }),
    ...(from.annotations !== undefined && { annotations: from.annotations }),
    ...(from.creationTimestamp !== undefined && { creationTimestamp: from.creationTimestamp }),
    ...(version !== undefined && { resourceVersion: String(version) }),
    ...(from.generation !== undefined && { generation: from.generation }),
  };
}

/** What a document of Kubernetes says of itself; what is not as it should be is Kubernetes' own business. */
function foreign(
  value: Readonly<Record<string, unknown>>,
  { kind, namespace, name }: Pick<ParseFault, 'kind' | 'namespace' | 'name'>,
): Resource {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const labels = text.safeParse(metadata.labels);
  const annotations = text.safeParse(metadata.annotations);
  return {
    apiVersion: String(value.apiVersion),
    kind,
    metadata: {
      name,
      namespace,
      ...(labels.success && { labels: labels.data }),
      ...(annotations.success && { annotations: annotations.data }),
    },
    spec: value,
  };
}

function identify(value: Readonly<Record<string, unknown>>): Pick<ParseFault, 'kind' | 'namespace' | 'name'> {
  const metadata = isObject(value.metadata) ? value.metadata : {};
  const textOf = (part: unknown, otherwise: string) => (typeof part === 'string' ? part : otherwise);
  return {
    kind: textOf(value.kind, ''),
    namespace: textOf(metadata.namespace, 'default'),
    name: textOf(metadata.name, ''),
  };
}

function fault(
  at: FieldPath,
  about: Partial<Pick<ParseFault, 'kind' | 'namespace' | 'name'>>,
  message: string,
  code = 'HDL0002',
): ParseFault {
  return { code, level: 'error', kind: '', namespace: '', name: '', ...about, message, path: '', at };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
