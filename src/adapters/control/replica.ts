/** What one workload holds of the service's state, and what an update makes of it. Pure but for its own memory. */
import type { EffectivePolicy } from '../../policy/effective.js';
import type { TrustBundle } from '../../ports/identity.js';
import { assemble, type HeldResources, mergeUpdate, type Update } from './resources.js';

export type Taken =
  /** More belongs to it. */
  | { readonly kind: 'incomplete' }
  /** We hold exactly this already. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly because: readonly string[] }
  | { readonly kind: 'changed'; readonly policy: EffectivePolicy; readonly bundle: TrustBundle | null };

export interface ReplicaOptions {
  /** Why a trust bundle that came with policy cannot be used; null if it can. */
  readonly bundleFault: (bundle: TrustBundle) => string | null;
}

export class Replica {
  readonly #options: ReplicaOptions;
  /** What the policy that was taken last is made of. */
  #held: HeldResources = new Map();
  /** What the service believes that we hold: `#held`, and what came since and is not complete or was refused. */
  #staged: HeldResources = this.#held;
  #revision: number | null = null;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get held(): HeldResources {
    return this.#held;
  }

  take(update: Update): Taken {
    this.#staged = mergeUpdate(this.#staged, update);
    if (!update.complete) return { kind: 'incomplete' };
    if (this.#revision === update.revision && sameVersions(this.#staged, this.#held)) {
      return { kind: 'unchanged' };
    }
    return this.#adopt(update.revision);
  }

  /** Takes what was saved before, as if the service had sent it. */
  restore(held: HeldResources, revision: number): Taken {
    this.#staged = held;
    return this.#adopt(revision);
  }

  /** A new connection: the service hears what we hold and begins from there. */
  reconnect(): void {
    this.#staged = this.#held;
  }

  #adopt(revision: number): Taken {
    const assembled = assemble(this.#staged, revision);
    if (!assembled.ok) return { kind: 'refused', because: assembled.because };
    const fault = assembled.bundle === null ? null : this.#options.bundleFault(assembled.bundle);
    if (fault !== null) return { kind: 'refused', because: [fault] };
    this.#held = this.#staged;
    this.#revision = revision;
    return { kind: 'changed', policy: assembled.policy, bundle: assembled.bundle };
  }
}

function sameVersions(a: HeldResources, b: HeldResources): boolean {
  if (a.size !== b.size) return false;
  for (const [name, { version }] of a) if (b.get(name)?.version !== version) return false;
  return true;
}
