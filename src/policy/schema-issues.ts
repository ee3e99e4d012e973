/**
 * What a schema has against a value, as people want to read it: which field, what it is, what was expected, and for a field that
 * does not exist the one that was probably meant.
 */
import { z } from 'zod';
import type { FieldPath } from './kinds/kind.js';
import { nearest } from './nearest.js';

export interface Issue {
  readonly path: FieldPath;
  readonly message: string;
}

type ZodIssue = z.core.$ZodIssue;

/** Of one resource: who mends the hundredth has not mended the first. */
const MOST_ISSUES = 100;

/** One entry for each thing that is wrong, up to {@link MOST_ISSUES}. */
export function describeIssues(schema: z.ZodType, issues: readonly ZodIssue[], value: unknown): Issue[] {
  const found: Issue[] = [];
  for (const issue of issues) {
    if (found.length >= MOST_ISSUES) break;
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys.slice(0, MOST_ISSUES))
        found.push({ path: [...path, key], message: unknownField(schema, path, key) });
    else if (issue.code === 'invalid_union')
      found.push(...describeIssues(schema, closestOf(issue, valueAt(value, path)), value));
    else found.push({ path, message: describe(issue, valueAt(value, path)) });
  }
  return found;
}

/** Of several shapes that a value may have: what the last one whose type it has is against. */
function closestOf(union: z.core.$ZodIssueInvalidUnion, value: unknown): readonly ZodIssue[] {
  const ofType = union.errors.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || !OF_ANOTHER_TYPE.includes(code)),
  );
  const closest = ofType.at(-1);
  if (closest !== undefined)
    return closest.map((issue) => ({ ...issue, path: [...union.path, ...issue.path] }));
  const words = new Set(union.errors.flat().map(expectedBy));
  return [
    {
      code: 'custom',
      path: union.path,
      input: value,
      message: `is not allowed: expected ${[...words].join(' or ')}`,
    },
  ];
}

const OF_ANOTHER_TYPE = ['invalid_type', 'invalid_value', 'invalid_union'];
const TYPE_WORDS: Readonly<Record<string, string>> = {
  record: 'an object',
  object: 'an object',
  array: 'a list',
  int: 'a number',
};

function expectedBy(issue: ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map((value) => `'${String(value)}'`).join(' or ');
  if (issue.code === 'invalid_type') return TYPE_WORDS[issue.expected] ?? `a ${issue.expected}`;
  return 'another value';
}

function unknownField(schema: z.ZodType, path: FieldPath, key: string): string {
  const fields = fieldsAt(schema, path);
  const near = nearest(key, fields);
  if (near !== undefined) return `'${key}' is not a field; did you mean '${near}'?`;
  return `${show(key)} is not a field: expected ${[...fields].sort().join(', ')}`;
}

function describe(issue: ZodIssue, value: unknown): string {
  if (value === undefined && issue.code === 'invalid_type')
    return `'${String(issue.path.at(-1))}' is missing`;
  if (issue.code === 'custom' || issue.code === 'invalid_format') return `${show(value)} ${issue.message}`;
  const reason = issue.message.replace(/^Invalid (input|option): /, '');
  return `${show(value)} is not allowed: ${reason}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
  if (typeof value === 'object')
    return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/** Names of the fields that the schema allows at `path`. */
function fieldsAt(schema: z.ZodType, path: FieldPath): readonly string[] {
  let at: unknown = schema;
  for (const part of path) {
    const inner = unwrap(at);
    if (inner instanceof z.ZodObject) at = inner.shape[String(part)];
    else if (inner instanceof z.ZodArray) at = inner.element;
    else if (inner instanceof z.ZodRecord) at = inner.valueType;
    else return [];
  }
  const object = unwrap(at);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function unwrap(schema: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault)
    at = at.unwrap();
  if (at instanceof z.ZodUnion) return at.options.find((option) => option instanceof z.ZodObject) ?? at;
  return at;
}
