/**
 * JSON Schemas of policy, for editors: made from the schemas that validate it, with what `docs/policy.md` says of each field. They know
 * shapes; the rest is for `heddle analyze`.
 */
import { z } from 'zod';
import { policyTestSpec, TEST_API_VERSION, TEST_KIND } from '../expectations/schema.js';
import { duration, stringMatch } from '../kinds/common.js';
import { joinVersion, KINDS } from '../kinds/index.js';
import { FieldNotes } from './describe.js';

/** Draft 07, which every editor reads. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface Described {
  readonly kind: string;
  readonly versions: readonly string[];
  readonly schema: z.ZodType;
}

const ALL: readonly Described[] = [
  ...KINDS.map(({ kind, group, versions, schema }) => ({
    kind,
    versions: versions.map((version) => joinVersion(group, version)),
    schema,
  })),
  { kind: TEST_KIND, versions: [TEST_API_VERSION], schema: policyTestSpec },
];

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** Kinds of document that there are schemas for. */
export const SCHEMA_KINDS: readonly string[] = ALL.map(({ kind }) => kind);

/** Of one document of `kind`; undefined if there is no such kind. */
export function kindJsonSchema(kind: string): JsonSchema | undefined {
  const found = ALL.find((one) => one.kind === kind);
  return found === undefined ? undefined : { $schema: DRAFT, ...documentSchema(found) };
}

/** Of a document of any kind. */
export function policyJsonSchema(): JsonSchema {
  return {
    $schema: DRAFT,
    title: 'Policy of Heddle',
    oneOf: ALL.map(({ kind }) => ({ $ref: `#/definitions/${kind}` })),
    definitions: Object.fromEntries(ALL.map((one) => [one.kind, documentSchema(one)])),
  };
}

function documentSchema({ kind, versions, schema }: Described): JsonSchema {
  const text = { type: 'object', additionalProperties: { type: 'string' } };
  return {
    title: kind,
    type: 'object',
    required: ['apiVersion', 'kind', 'metadata'],
    additionalProperties: false,
    properties: {
      apiVersion: { enum: versions },
      kind: { const: kind },
      metadata: {
        type: 'object',
        required: ['name'],
        // Kubernetes adds fields of its own.
        properties: {
          name: { type: 'string', description: 'Unique within kind and namespace.' },
          namespace: { type: 'string', default: 'default', description: 'Default: default.' },
          labels: { ...text, description: 'For people and tools.' },
          annotations: { ...text, description: 'For people and tools.' },
        },
      },
      spec: specSchema(kind, schema),
      status: { description: 'Written by Kubernetes; not looked at.' },
    },
  };
}

function specSchema(kind: string, schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema === duration) jsonSchema.pattern = DURATION;
      if (zodSchema === stringMatch) jsonSchema.title = STRING_MATCH;
    },
  });
  // What several fields share is one object: each gets a description of its own.
  const { $schema, ...own } = JSON.parse(JSON.stringify(made)) as Record<string, unknown>;
  return describe(own, '', new FieldNotes(kind, schema));
}

/** @source Go `time.ParseDuration` */
const DURATION = '^(0|[+-]?((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|ms|s|m|h))+)$';
const STRING_MATCH = 'string match';
const STRING_MATCH_FIELDS: Readonly<Record<string, string>> = {
  exact: 'The whole value.',
  prefix: 'What the value begins with.',
  regex: 'RE2 that the whole value matches.',
};

/** The schema with descriptions in it, and without what says nothing. */
function describe(schema: JsonSchema, path: string, notes: FieldNotes): JsonSchema {
  const { propertyNames, title, ...made } = schema as Record<string, unknown>;
  const inside = (name: string) => (path === '' ? name : `${path}.${name}`);
  // What a null means; nothing that an editor should write.
  if (isSchema(made.default)) delete made.default;
  if (made.minimum === Number.MIN_SAFE_INTEGER) delete made.minimum;
  if (made.maximum === Number.MAX_SAFE_INTEGER) delete made.maximum;
  if (isSchema(made.items)) made.items = describe(made.items, `${path}[]`, notes);
  if (isSchema(made.additionalProperties))
    made.additionalProperties = describe(made.additionalProperties, inside('*'), notes);
  if (Array.isArray(made.anyOf)) made.anyOf = made.anyOf.map((one: JsonSchema) => describe(one, path, notes));
  if (isSchema(made.properties))
    made.properties = Object.fromEntries(
      Object.entries(made.properties).map(([name, value]) => [
        name,
        title === STRING_MATCH
          ? { description: STRING_MATCH_FIELDS[name], ...(value as JsonSchema) }
          : describeField(value as JsonSchema, inside(name), notes),
      ]),
    );
  return made;
}

function describeField(schema: JsonSchema, path: string, notes: FieldNotes): JsonSchema {
  const made = describe(schema, path, notes);
  const description = notes.sentenceFor(path);
  const otherwise = notes.noteOf(path)?.default;
  return {
    ...(description !== undefined && { description }),
    ...made,
    ...(otherwise !== undefined && { default: otherwise }),
  };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
