/** Specs proved by their schemas, once for each resource: a store hands out the same objects again and again. */
import type { KindDefinition } from '../kinds/kind.js';
import { ofKind, type Typed } from '../resolve/typed.js';
import type { Resource } from '../resource.js';

/** By identity: a resource that is in it must not be changed. It holds on to nothing: what the store forgets is forgotten here. */
export class SpecCache {
  readonly #known = new WeakMap<Resource, Typed<unknown> | null>();

  /** null: its group is another, or its spec is not of the right shape. */
  typed<Spec>(resource: Resource, kind: KindDefinition<Spec>): Typed<Spec> | null {
    let found = this.#known.get(resource);
    if (found === undefined) {
      found = ofKind([resource], kind)[0] ?? null;
      this.#known.set(resource, found);
    }
    // A resource is of one kind, and its kind's schema is what proved it.
    return found as Typed<Spec> | null;
  }
}
