/**
 * The value now, and a notice when it changes: policy, endpoints, SVID and trust bundle are all sources.
 * @source go-spiffe's one-method Source
 */
export interface Source<T> {
  current(): T;
  /** Calls `notice` after each change with the new value, until the returned function is called. */
  subscribe(notice: (value: T) => void): () => void;
}

/** A source whose value its owner sets. A notice that throws does not stop the others. */
export class Value<T> implements Source<T> {
  #value: T;
  readonly #notices = new Set<(value: T) => void>();

  constructor(initial: T) {
    this.#value = initial;
  }

  current(): T {
    return this.#value;
  }

  subscribe(notice: (value: T) => void): () => void {
    this.#notices.add(notice);
    return () => this.#notices.delete(notice);
  }

  set(value: T): void {
    this.#value = value;
    let failure: unknown;
    for (const notice of [...this.#notices]) {
      try {
        notice(value);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}
