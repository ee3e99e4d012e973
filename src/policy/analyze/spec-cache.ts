/** Specs proved by their schemas, once for each resource: a store hands out the same objects again and again. */
import type { KindDefinition } from '../kinds/kind.js';
import type { ParsedResource } from '../parse.js';
import { ofKind } from '../resolve/typed.js';
import type { Resource } from '../resource.js';
import type { Subject } from './world.js';

/** By identity: a resource that is in it must not be changed. It holds on to nothing: what the store forgets is forgotten here. */
export class SpecCache {
  readonly #stored = new WeakMap<Resource, ParsedResource>();
  readonly #subjects = new WeakMap<ParsedResource, Subject<unknown> | null>();

  /** What is stored has no file that findings could point at. */
  stored(resource: Resource): ParsedResource {
    let parsed = this.#stored.get(resource);
    if (parsed === undefined) this.#stored.set(resource, (parsed = { resource, origin: nowhere }));
    return parsed;
  }

  /** null: its group is another, or its spec is not of the right shape. */
  subject<Spec>(parsed: ParsedResource, kind: KindDefinition<Spec>): Subject<Spec> | null {
    let found = this.#subjects.get(parsed);
    if (found === undefined) {
      const [typed] = ofKind([parsed.resource], kind);
      found = typed === undefined ? null : { ...typed, parsed };
      this.#subjects.set(parsed, found);
    }
    // A resource is of one kind, and its kind's schema is what proved it.
    return found as Subject<Spec> | null;
  }
}

function nowhere() {
  return { file: '', line: 1, column: 1 };
}
