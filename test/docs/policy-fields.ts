/** The fields of a kind, as its zod schema lists them. */
import type { z } from 'zod';

export interface Field {
  /** `http[].match[].uri`; `.*` is any key. */
  readonly path: string;
  /** Parsed only to be refused by name. */
  readonly refused: boolean;
  /** Path of the same block further up, whose fields are not listed again. */
  readonly as?: string;
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly innerType?: z.ZodType;
}

/** Leaves in the order of the schema. A string match (exact, prefix, regex) is one field; a block that comes again is one, too. */
export function fieldsOf(schema: unknown, path = '', seen = new Map<unknown, string>()): Field[] {
  const { def } = schema as { readonly def: Definition };
  switch (def.type) {
    case 'optional':
      return fieldsOf(def.innerType, path, seen);
    case 'object': {
      const shape = def.shape ?? {};
      const names = Object.keys(shape);
      if (names.join() === 'exact,prefix,regex') return [{ path, refused: false }];
      const same = seen.get(schema);
      if (same !== undefined && names.length > 1) return [{ path, refused: false, as: same }];
      seen.set(schema, path);
      return Object.entries(shape).flatMap(([name, inner]) =>
        fieldsOf(inner, path === '' ? name : `${path}.${name}`, seen),
      );
    }
    case 'array':
      return fieldsOf(def.element, `${path}[]`, seen);
    case 'record':
      return fieldsOf(def.valueType, `${path}.*`, seen);
    default:
      return [{ path, refused: def.type === 'unknown' }];
  }
}
