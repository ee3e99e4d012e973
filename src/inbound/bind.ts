/**
 * Policy of the inbound side, bound: what one arriving exchange sees from its first step to its last. Immutable; swapped whole.
 */
import { MeshError } from '../base/errors.js';
import { type Source, Value } from '../base/source.js';
import type { EffectiveInbound } from '../policy/effective.js';
import { type CompiledAuthorization, compileAuthorization } from '../security/authorize/decide.js';
import { type CompiledTokens, compileTokens } from '../security/token/decide.js';
import { type CompiledPriority, compilePriorities } from '../traffic/priority/index.js';

/** How the workload protects itself. */
export interface Protection {
  readonly inbound: EffectiveInbound;
  readonly priorities: readonly CompiledPriority[] | null;
}

export interface InboundSnapshot {
  readonly revision: number;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly inbound: EffectiveInbound;
  readonly authorization: CompiledAuthorization;
  /** CUSTOM may have a say. */
  readonly asks: boolean;
  /** null: nothing looks for tokens. */
  readonly tokens: CompiledTokens | null;
  /** null: policy asks for none. */
  readonly protection: Protection | null;
}

export interface InboundContext {
  readonly trustDomain: string;
  /** Former names of the trust domain. @default none */
  readonly trustDomainAliases?: readonly string[] | undefined;
  readonly revision: number;
}

/**
 * @throws MeshError `HEDDLE_INVALID_POLICY` if a rule cannot be understood. It would be closed on its own, too, but a policy that says
 * something else than was meant is one to refuse as a whole.
 */
export function bindInbound(inbound: EffectiveInbound, context: InboundContext): InboundSnapshot {
  const { trustDomain, trustDomainAliases = [], revision } = context;
  const { pathNormalization } = inbound;
  const authorization = compileAuthorization(inbound.authorization, {
    trustDomain,
    trustDomainAliases,
    pathNormalization,
    providers: inbound.providers,
  });
  const asks = !authorization.http.custom.empty;
  const problems = [...authorization.problems, ...(authorization.dryRun?.problems ?? [])];
  const tokens = compileTokens(inbound.tokens);
  const protection = protectionOf(inbound);
  const domains = { trustDomain, trustDomainAliases };
  if (problems.length === 0)
    return Object.freeze({ revision, ...domains, inbound, authorization, asks, tokens, protection });
  const shown = problems.slice(0, 3).join('; ');
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : '';
  throw new MeshError(`inbound policy of revision ${revision} is refused: ${shown}${more}`, {
    code: 'HEDDLE_INVALID_POLICY',
    revision,
  });
}

function protectionOf(inbound: EffectiveInbound): Protection | null {
  const { resilience, rateLimit, maxRequests } = inbound;
  if (resilience === undefined && rateLimit === undefined && maxRequests === undefined) return null;
  return { inbound, priorities: compilePriorities(resilience?.priorities) };
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
