/** The rules of one workload, indexed by where a token may be. Pure. */
import type { EffectiveTokenRule, TokenLocation } from './policy.js';

/** The rules of one workload, indexed by location. */
export interface CompiledTokens {
  readonly rules: readonly EffectiveTokenRule[];
  readonly places: readonly { readonly at: TokenLocation; readonly rules: readonly EffectiveTokenRule[] }[];
  /** Query parameters that may hold a token. */
  readonly params: ReadonlySet<string>;
  /** Headers that only we write: what a caller says in them is taken off. */
  readonly outputs: ReadonlySet<string>;
}

/** @returns null if there are no rules: then nothing looks for tokens */
export function compileTokens(rules: readonly EffectiveTokenRule[] | undefined): CompiledTokens | null {
  if (rules === undefined || rules.length === 0) return null;
  const places = new Map<string, { at: TokenLocation; rules: EffectiveTokenRule[] }>();
  const outputs = new Set<string>();
  for (const rule of rules) {
    for (const at of rule.locations) {
      const key = JSON.stringify([at.in, at.name, at.in === 'header' ? at.prefix : '']);
      const place = places.get(key) ?? { at, rules: [] };
      places.set(key, place);
      place.rules.push(rule);
    }
    if (rule.payloadHeader !== null) outputs.add(rule.payloadHeader);
    for (const { header } of rule.claimHeaders) outputs.add(header);
  }
  const all = [...places.values()];
  const params = new Set(all.flatMap(({ at }) => (at.in === 'param' ? [at.name] : [])));
  return { rules, places: all, params, outputs };
}
