/** The fields of a kind, each with what is said of it. */
import type { z } from 'zod';
import { fieldsOf } from './fields.js';
import type { Note, Notes } from './note.js';
import { NOTES } from './notes/index.js';
import { policyTestNotes } from './notes/policy-test.js';

export interface FieldDescription extends Note {
  /** `http[].match[].uri`; `.*` is any key. */
  readonly path: string;
}

/**
 * Every field of `kind`, in the order of its schema.
 * @throws Error for a field that nobody has described
 */
export function describeFields(kind: string, schema: z.ZodType): FieldDescription[] {
  const notes = NOTES[kind] ?? {};
  return fieldsOf(schema).map(({ path, as }) => {
    if (as !== undefined) return { path, ...repeated(notes[path], as) };
    const note = noteFor(notes, path);
    if (note === undefined) throw new Error(`${kind}: '${path}' has no note in src/policy/schemas/notes`);
    return { path, ...note };
  });
}

/** What can be said in a policy test, in the order in which it is written. */
export const POLICY_TEST_FIELDS: readonly FieldDescription[] = Object.entries(policyTestNotes).map(
  ([path, note]) => ({ path, ...note }),
);

function repeated(own: Note | undefined, as: string): Note {
  if (own === undefined) return { supported: 'yes', how: `as \`${as}\`` };
  return { ...own, how: `${own.how}; fields as \`${as}\`` };
}

/** The longest note that covers the field at `path`. */
export function noteFor(notes: Notes, path: string): Note | undefined {
  const key = coveringPath(notes, path);
  return key === undefined ? undefined : notes[key];
}

export function coveringPath(notes: Notes, path: string): string | undefined {
  const covers = (note: string) => note === '' || path === note || isWithin(path, note);
  return Object.keys(notes)
    .filter(covers)
    .sort((one, other) => other.length - one.length)[0];
}

/** Says of each field what is said of the field itself; where a block comes again, what was said the first time. */
export class FieldNotes {
  readonly #notes: Notes;
  readonly #again: readonly (readonly [path: string, as: string])[];

  constructor(kind: string, schema: z.ZodType) {
    this.#notes = NOTES[kind] ?? {};
    this.#again = fieldsOf(schema, { shapes: true }).flatMap(({ path, as }) =>
      as === undefined ? [] : [[path, as] as const],
    );
  }

  /** @param path of a field, a list without the `[]` of its entries */
  noteOf(path: string): Note | undefined {
    const own = this.#notes[path] ?? this.#notes[`${path}[]`];
    if (own !== undefined) return own;
    const again = this.#again.find(([place]) => path === place || isWithin(path, place));
    return again === undefined ? undefined : this.noteOf(again[1] + path.slice(again[0].length));
  }

  /** In one sentence, for an editor. */
  sentenceFor(path: string): string | undefined {
    const note = this.noteOf(path);
    if (note === undefined) return undefined;
    const { how, supported } = note;
    const text = supported === 'partly' ? `Partly: ${how}` : `${how[0]!.toUpperCase()}${how.slice(1)}`;
    return note.default === undefined ? `${text}.` : `${text}. Default: ${note.default}.`;
  }
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(outer) && /^[.[]/.test(inner.slice(outer.length));
}
