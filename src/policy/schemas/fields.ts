/** The fields of a kind, as its zod schema lists them. */
import type { z } from 'zod';

export interface Field {
  /** `http[].match[].uri`; `.*` is any key. */
  readonly path: string;
  /** Path of the same block further up, whose fields are not listed again. */
  readonly as?: string;
}

export interface FieldsOptions {
  /** Fields of objects that a value may be, beside other shapes, too. @default false: such a value is one field */
  readonly shapes?: boolean;
}

interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** Leaves in the order of the schema. A string match (exact, prefix, regex) is one field; a block that comes again is one, too. */
export function fieldsOf(schema: z.ZodType, options: FieldsOptions = {}): Field[] {
  return new Fields(options.shapes === true).of(schema, '');
}

class Fields {
  readonly #shapes: boolean;
  readonly #seen = new Map<unknown, string>();

  constructor(shapes: boolean) {
    this.#shapes = shapes;
  }

  of(schema: unknown, path: string): Field[] {
    const { def } = schema as { readonly def: Definition };
    switch (def.type) {
      case 'optional':
      case 'default':
        return this.of(def.innerType, path);
      case 'object':
        return this.#object(schema, def.shape ?? {}, path);
      case 'array':
        return this.of(def.element, `${path}[]`);
      case 'record':
        return this.of(def.valueType, `${path}.*`);
      case 'union':
        return this.#shapes ? (def.options ?? []).flatMap((option) => this.of(option, path)) : [{ path }];
      default:
        return [{ path }];
    }
  }

  #object(schema: unknown, shape: Readonly<Record<string, z.ZodType>>, path: string): Field[] {
    const names = Object.keys(shape);
    // To be there is all that an object without fields can say.
    if (names.length === 0 || names.join() === 'exact,prefix,regex') return [{ path }];
    const same = this.#seen.get(schema);
    if (same !== undefined && names.length > 1) return [{ path, as: same }];
    this.#seen.set(schema, path);
    return Object.entries(shape).flatMap(([name, inner]) =>
      this.of(inner, path === '' ? name : `${path}.${name}`),
    );
  }
}
