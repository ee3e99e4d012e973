/**
 * The compiled rules of one action, indexed. The first rule in policy order that matches wins, wherever the index put it.
 */
import type { InboundVerdict } from '../../model/exchange.js';
import type { Condition } from './attributes.js';
import type { View } from './view.js';

/** Exact values of which one is necessary for the rule: it need not be looked at for any other. */
export interface Anchor {
  readonly by: 'path' | 'principal';
  readonly values: readonly string[];
}

export interface CompiledRule {
  /** Place among the rules of its action. */
  readonly order: number;
  readonly test: Condition;
  readonly anchor: Anchor | null;
  readonly verdict: InboundVerdict;
}

export class RuleTable {
  readonly #byPath = new Map<string, CompiledRule[]>();
  readonly #byPrincipal = new Map<string, CompiledRule[]>();
  readonly #others: CompiledRule[] = [];

  /** @param rules in policy order */
  constructor(rules: readonly CompiledRule[]) {
    for (const rule of rules) {
      if (rule.anchor === null) this.#others.push(rule);
      else {
        const index = rule.anchor.by === 'path' ? this.#byPath : this.#byPrincipal;
        for (const value of new Set(rule.anchor.values)) {
          const present = index.get(value);
          if (present === undefined) index.set(value, [rule]);
          else present.push(rule);
        }
      }
    }
  }

  /** There are no rules. */
  get empty(): boolean {
    return this.#others.length === 0 && this.#byPath.size === 0 && this.#byPrincipal.size === 0;
  }

  /** The first rule that matches; null if none does. */
  first(view: View): CompiledRule | null {
    let best: CompiledRule | null = null;
    const { path, principal } = view.facts;
    if (this.#byPath.size > 0) best = earliest(this.#byPath.get(path), view, best);
    if (this.#byPrincipal.size > 0 && principal !== null)
      best = earliest(this.#byPrincipal.get(principal), view, best);
    return this.#others.length > 0 ? earliest(this.#others, view, best) : best;
  }
}

/** The first match in `rules` that stands before `best`, else `best`. */
function earliest(
  rules: readonly CompiledRule[] | undefined,
  view: View,
  best: CompiledRule | null,
): CompiledRule | null {
  if (rules === undefined) return best;
  for (const rule of rules) {
    if (best !== null && rule.order > best.order) return best;
    if (rule.test(view)) return rule;
  }
  return best;
}
