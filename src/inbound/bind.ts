/**
 * Policy of the inbound side, bound: what one arriving exchange sees from its first step to its last. Immutable; swapped whole.
 */
import { isMeshError, MeshError } from '../base/errors.js';
import { type Source, Value } from '../base/source.js';
import type { EffectiveInbound } from '../policy/effective.js';
import { type CompiledAuthorization, compileAuthorization } from '../security/authorize/decide.js';

export interface InboundSnapshot {
  readonly revision: number;
  readonly trustDomain: string;
  readonly inbound: EffectiveInbound;
  readonly authorization: CompiledAuthorization;
}

export interface InboundContext {
  readonly trustDomain: string;
  readonly revision: number;
}

/** @throws MeshError `HEDDLE_INVALID_POLICY` if a rule cannot be understood: a rule that is left out would open what it closes */
export function bindInbound(inbound: EffectiveInbound, context: InboundContext): InboundSnapshot {
  const { trustDomain, revision } = context;
  const { pathNormalization } = inbound;
  try {
    const authorization = compileAuthorization(inbound.authorization, { trustDomain, pathNormalization });
    return Object.freeze({ revision, trustDomain, inbound, authorization });
  } catch (error) {
    if (isMeshError(error, 'HEDDLE_INVALID_POLICY')) throw error;
    throw new MeshError(
      `inbound policy of revision ${revision} cannot be compiled; the one before stays in force`,
      {
        code: 'HEDDLE_INVALID_POLICY',
        revision,
        cause: error,
      },
    );
  }
}

/** The snapshot in force; null until the first policy is there. */
export class InboundPolicy implements Source<InboundSnapshot | null> {
  readonly #value = new Value<InboundSnapshot | null>(null);

  /**
   * Puts `inbound` in force. If it cannot be compiled nothing changes: the last good policy stays.
   * @throws MeshError `HEDDLE_INVALID_POLICY`
   */
  accept(inbound: EffectiveInbound, context: InboundContext): void {
    this.#value.set(bindInbound(inbound, context));
  }

  current(): InboundSnapshot | null {
    return this.#value.current();
  }

  subscribe(notice: (snapshot: InboundSnapshot | null) => void): () => void {
    return this.#value.subscribe(notice);
  }
}
