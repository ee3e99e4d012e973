/** Values of one subject by name, each worked out when it is asked for. */
export type Readers<Subject> = Readonly<Record<string, (subject: Subject) => unknown>>;

/**
 * To the library of expressions it is a map, as whatever has fields is: it looks at the constructor, so that is what it is told. Making
 * an object with all values, or with getters for them, costs many times what most expressions cost.
 */
export class LazyMap<Subject> extends Map<string, unknown> {
  readonly #readers: Readers<Subject>;
  readonly #subject: Subject;

  constructor(readers: Readers<Subject>, subject: Subject) {
    super();
    this.#readers = readers;
    this.#subject = subject;
  }

  override get(name: string): unknown {
    return Object.hasOwn(this.#readers, name) ? this.#readers[name]!(this.#subject) : undefined;
  }
}

/** The same for the fields of a message: by names in any case (Envoy). Field names are callers' own; in a map each is only a name. */
export class FieldMap extends Map<string, string> {
  override get(name: string): string | undefined {
    return super.get(typeof name === 'string' ? name.toLowerCase() : name);
  }
}

for (const { prototype } of [LazyMap, FieldMap])
  Object.defineProperty(prototype, 'constructor', { value: Map });
