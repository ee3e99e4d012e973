/** A source whose first value comes later than those who want to hear of it. */
import { MeshError } from '../../base/errors.js';
import { type Source, Value } from '../../base/source.js';

export class LateSource<T> implements Source<T> {
  readonly #value = new Value<T | undefined>(undefined);
  readonly #missing: string;

  /** @param missing what to say to those who read before there is a value */
  constructor(missing: string) {
    this.#missing = missing;
  }

  /** @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` while there is no value */
  current(): T {
    const value = this.#value.current();
    if (value === undefined) throw new MeshError(this.#missing, { code: 'HEDDLE_IDENTITY_UNAVAILABLE' });
    return value;
  }

  /** The value, or null while there is none. */
  orNull(): T | null {
    return this.#value.current() ?? null;
  }

  subscribe(notice: (value: T) => void): () => void {
    return this.#value.subscribe((value) => {
      if (value !== undefined) notice(value);
    });
  }

  set(value: T): void {
    this.#value.set(value);
  }
}
