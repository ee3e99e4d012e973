/** A source that has no value until the Workload API has said one. */
import { type MeshError, type Source, Value } from 'heddle/ports';

export class LateSource<T> implements Source<T> {
  readonly #value = new Value<T | undefined>(undefined);
  readonly #missing: () => MeshError;

  /** @param missing why there is no value yet */
  constructor(missing: () => MeshError) {
    this.#missing = missing;
  }

  /** @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` while there is no value */
  current(): T {
    const value = this.#value.current();
    if (value === undefined) throw this.#missing();
    return value;
  }

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
