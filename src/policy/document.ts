/**
 * One YAML document as a resource: its envelope (apiVersion, kind, metadata) checked, its spec left to the kind.
 */
import type { Document } from 'yaml';
import { z } from 'zod';
import { type FieldPath, formatPath } from './kinds/kind.js';
import type { Message, Resource, ResourceMetadata } from './resource.js';
import { describeIssues } from './schema-issues.js';
import { unknownKind } from './unknown-kind.js';

/** Per file. A choice of this library: Istio's stores limit a single resource to about 1.5 MiB. */
export const MAX_FILE_CHARACTERS = 8 * 1024 * 1024;
export const MAX_DOCUMENTS = 10_000;
/** Aliases that one document may expand to: a few lines of YAML can ask for gigabytes otherwise. */
const MAX_ALIASES = 100;

export interface ParseFault
  extends Pick<Message, 'code' | 'level' | 'kind' | 'namespace' | 'name' | 'message' | 'path'> {
  /** From the document's root. */
  readonly at: FieldPath;
}

export interface DocumentContents {
  readonly resources: readonly { readonly resource: Resource; readonly base: FieldPath }[];
  readonly faults: readonly ParseFault[];
}

const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'is not a name: expected a-z, 0-9, - and .');

const text = z.record(z.string(), z.string());

/** What Kubernetes adds by itself is let through: it is nobody's mistake. */
const metadataSchema = z.strictObject({
  name,
  namespace: name.max(63).optional(),
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

const envelopeSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.record(z.string(), z.unknown()).optional(),
  status: z.unknown().optional(),
});

export function readDocument(document: Document): DocumentContents {
  const resources: { resource: Resource; base: FieldPath }[] = [];
  const faults: ParseFault[] = [];
  let value: unknown;
  try {
    value = dropNulls(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    faults.push(
      fault([], {}, `not YAML: ${error instanceof Error ? error.message : String(error)}`, 'HDL0001'),
    );
    return { resources, faults };
  }
  if (value === null || value === undefined) return { resources, faults };
  readEntry(value, [], resources, faults);
  return { resources, faults };
}

function readEntry(
  value: unknown,
  base: FieldPath,
  resources: { resource: Resource; base: FieldPath }[],
  faults: ParseFault[],
): void {
  if (!isObject(value)) {
    faults.push(fault(base, {}, 'not a resource: expected apiVersion, kind, metadata and spec'));
    return;
  }
  if (value.kind === 'List' && value.apiVersion === 'v1' && Array.isArray(value.items) && base.length === 0) {
    for (const [index, item] of value.items.entries()) readEntry(item, ['items', index], resources, faults);
    return;
  }
  const about = identify(value);
  if (typeof value.apiVersion === 'string' && typeof value.kind === 'string') {
    const unknown = unknownKind(value.apiVersion, value.kind);
    if (unknown !== null) {
      const code = unknown.level === 'error' ? 'HDL0002' : 'HDL0003';
      faults.push({
        ...fault([...base, 'kind'], about, unknown.message, code),
        level: unknown.level,
        path: 'kind',
      });
      return;
    }
  }
  const parsed = envelopeSchema.safeParse(value);
  if (!parsed.success) {
    for (const issue of describeIssues(envelopeSchema, parsed.error.issues, value))
      faults.push({
        ...fault([...base, ...issue.path], about, issue.message, 'IST0106'),
        path: formatPath(issue.path),
      });
    return;
  }
  const { apiVersion, kind, metadata, spec } = parsed.data;
  resources.push({
    resource: { apiVersion, kind, metadata: readMetadata(metadata), spec: spec ?? {} },
    base,
  });
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

/** Fields whose names inside are the user's own. Without one of their entries a rule would match more than was written. */
const MAPS = new Set([
  'match.headers',
  'withoutHeaders',
  'queryParams',
  'sourceLabels',
  'matchLabels',
  'portLevelMtls',
  'subsets.labels',
  'endpoints.labels',
]);

/**
 * A field that is null was not set (proto3 JSON); an entry of a list or of a map that is null is a mistake, and stays for the schema to
 * find.
 */
function dropNulls(value: unknown, name = '', owner = ''): unknown {
  if (Array.isArray(value)) return value.map((entry) => dropNulls(entry, name, owner));
  if (!isObject(value)) return value;
  const entries = MAPS.has(name) || MAPS.has(`${owner}.${name}`);
  const kept: [string, unknown][] = [];
  for (const [key, entry] of Object.entries(value))
    if (entry !== null || entries) kept.push([key, dropNulls(entry, key, name)]);
  return Object.fromEntries(kept);
}
