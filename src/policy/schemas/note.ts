/** What a field of policy says, and how far it is carried out: the words of `docs/policy.md`, of the JSON Schemas and of the types. */

export interface Note {
  /** `no`: a document that sets it is refused. */
  readonly supported: 'yes' | 'partly' | 'no';
  readonly how: string;
  /** What holds where the field is absent, as it would be written. */
  readonly default?: string | number | boolean;
}

/**
 * By path, as in `http[].match[].uri`. A note holds for the field at its path and for all below it that have no longer one. A test holds
 * that every field has a note, that no note is left over, and that what is noted as refused is.
 */
export type Notes = Readonly<Record<string, Note>>;

type Default = Pick<Note, 'default'>;

export const yes = (how: string, more: Default = {}): Note => ({ supported: 'yes', how, ...more });
export const partly = (how: string, more: Default = {}): Note => ({ supported: 'partly', how, ...more });
export const no = (how: string): Note => ({ supported: 'no', how: `refused: ${how}` });
