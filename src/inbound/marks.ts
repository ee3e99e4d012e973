/**
 * What a path keeps with the objects of a server: in a property that only it knows. A WeakMap says the same, but every collection of
 * garbage goes through all of its entries, and there would be one a request.
 */
export class Marks<T> {
  readonly #key = Symbol('heddle');

  has(object: object): boolean {
    return this.get(object) !== undefined;
  }

  get(object: object): T | undefined {
    return (object as Record<symbol, T | undefined>)[this.#key];
  }

  set(object: object, value: T): void {
    (object as Record<symbol, T | undefined>)[this.#key] = value;
  }
}
