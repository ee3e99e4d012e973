/**
 * Header fields as one plain object: names in lower case, a repeated field as an array.
 * The object inherits nothing where it is built here, so that a field called `constructor` is only a field.
 */
export type HeaderFields = Record<string, string | string[]>;

/** The field's value; several values are joined with `, ` (RFC 9110 §5.3). */
export function headerValue(fields: HeaderFields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

/** Its objects have an empty prototype, not none: those of `Object.create(null)` are hash tables, in which each field costs five times as much. */
const Fields = function Fields() {} as unknown as new () => HeaderFields;
Fields.prototype = Object.freeze(Object.create(null));

export function emptyFields(): HeaderFields {
  return new Fields();
}

/** The same fields, as {@link emptyFields} would have begun them. */
export function ownFields(fields: Record<string, string | string[]>): HeaderFields {
  return fields instanceof Fields ? fields : Object.assign(emptyFields(), fields);
}

/** Adds one value after those already there. `name` is in lower case. */
export function appendField(fields: HeaderFields, name: string, value: string): void {
  const present = fields[name];
  if (present === undefined) fields[name] = value;
  else if (typeof present === 'string') fields[name] = [present, value];
  else present.push(value);
}

/** Copies `fields`; arrays too, so that the copy can be changed freely. */
export function copyFields(fields: HeaderFields): HeaderFields {
  const copy = emptyFields();
  for (const name in fields) {
    const value = fields[name]!;
    copy[name] = typeof value === 'string' ? value : value.slice();
  }
  return copy;
}
