/**
 * A spec that its schema refused, without the fields that were wrong: what is left can still be checked, so that one misspelt field
 * does not hide what is wrong elsewhere.
 */
import type { z } from 'zod';
import type { FieldPath, Findings } from './kinds/kind.js';
import type { Issue } from './schema-issues.js';

export interface Salvaged {
  readonly spec: unknown;
  /** Takes errors away from where fields are missing now; warnings and infos are dropped, they are about the whole. */
  filter(findings: Findings): Findings;
}

/** @param issues as the schema found them in `spec` @returns null if nothing can be made of it */
export function salvage(schema: z.ZodType, spec: unknown, issues: readonly Issue[]): Salvaged | null {
  const rest: unknown = structuredClone(spec);
  for (const { path } of issues) if (!remove(rest, path)) return null;
  const parsed = schema.safeParse(rest);
  if (!parsed.success) return null;
  const damaged = issues.map(({ path }) => ['spec', ...path.slice(0, -1)]);
  const trusted = (path: FieldPath) => !damaged.some((place) => related(place, path));
  return {
    spec: parsed.data,
    filter: ({ error }) => ({
      error: (path, message) => trusted(path) && error(path, message),
      warning: () => undefined,
      info: () => undefined,
      unsupported: () => undefined,
    }),
  };
}

/** Is one within the other? Neighbours of a missing field count: they are often judged by it. */
function related(place: FieldPath, path: FieldPath): boolean {
  const length = Math.min(place.length, path.length);
  return place.slice(0, length).every((part, index) => part === path[index]);
}

/** @returns whether there was a field; entries of lists stay, the others would be renumbered */
function remove(root: unknown, path: FieldPath): boolean {
  const last = path.at(-1);
  if (typeof last !== 'string') return false;
  let at: unknown = root;
  for (const part of path.slice(0, -1)) at = fieldOf(at, part);
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, last)) return false;
  return Reflect.deleteProperty(at, last);
}

function fieldOf(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string | number, unknown>)[key];
}
