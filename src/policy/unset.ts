/**
 * What a null means. A field that is null was not set (proto3 JSON). An entry of a list, or of a map whose keys are the user's own, that
 * is null is a mistake: it stays for the schema to find, as without it a rule would match more than was written.
 */
import { z } from 'zod';
import type { FieldPath } from './kinds/kind.js';

export interface WithoutNulls {
  readonly value: unknown;
  /** Where `__proto__` was a key, and was taken out: no schema sees that key, and a rule that loses one matches more. */
  readonly lost: readonly FieldPath[];
}

/** @param schema says where there are maps; what it does not know is left as it is, to be refused */
export function withoutNulls(schema: z.ZodType, value: unknown): WithoutNulls {
  const lost: FieldPath[] = [];
  return { value: walk(schema, value, [], lost), lost };
}

function walk(schema: unknown, value: unknown, path: FieldPath, lost: FieldPath[]): unknown {
  const at = inner(schema, value);
  if (Array.isArray(value))
    return at instanceof z.ZodArray
      ? value.map((entry, index) => walkEntry(at.element, entry, [...path, index], lost))
      : value;
  if (typeof value !== 'object' || value === null) return value;
  const map = at instanceof z.ZodRecord;
  if (!map && !(at instanceof z.ZodObject)) return value;
  const kept: [string, unknown][] = [];
  for (const [key, entry] of Object.entries(value)) {
    const place = [...path, key];
    if (key === '__proto__') lost.push(place);
    else if (map) kept.push([key, walkEntry(at.valueType, entry, place, lost)]);
    else if (entry !== null)
      kept.push([key, walk(Object.hasOwn(at.shape, key) ? at.shape[key] : undefined, entry, place, lost)]);
  }
  return Object.fromEntries(kept);
}

/** Of a list or a map: where the schema has something in place of what is not set, it stands for a null too. */
function walkEntry(schema: unknown, entry: unknown, path: FieldPath, lost: FieldPath[]): unknown {
  if (entry === null && schema instanceof z.ZodDefault) return schema.parse(undefined);
  return walk(schema, entry, path, lost);
}

/** Without what only says that a field may be absent; of several shapes the one that fits. */
function inner(schema: unknown, value: unknown): unknown {
  let at = schema;
  while (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault)
    at = at.unwrap();
  if (!(at instanceof z.ZodUnion)) return at;
  const shapes = at.options.map((option) => inner(option, value));
  return shapes.find((shape) =>
    Array.isArray(value)
      ? shape instanceof z.ZodArray
      : shape instanceof z.ZodObject || shape instanceof z.ZodRecord,
  );
}
