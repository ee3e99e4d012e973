/** Finds the subsets of a host: what all DestinationRules that speak for it define. */
import type { DestinationRuleSpec } from '../kinds/destination-rule.js';
import { hostMatches } from '../kinds/hosts.js';
import { fullName } from '../resolve/names.js';
import type { Subject } from './world.js';

interface Rule {
  readonly host: string;
  readonly subsets: readonly string[];
}

export class SubsetDirectory {
  readonly #exact = new Map<string, Rule[]>();
  readonly #wildcards: Rule[] = [];

  constructor(rules: readonly Subject<DestinationRuleSpec>[]) {
    for (const { spec, metadata } of rules) {
      const host = fullName(spec.host, metadata.namespace);
      const rule = { host, subsets: (spec.subsets ?? []).map(({ name }) => name) };
      const present = this.#exact.get(host);
      if (host.startsWith('*')) this.#wildcards.push(rule);
      else if (present === undefined) this.#exact.set(host, [rule]);
      else present.push(rule);
    }
  }

  /** Names of the subsets of a full name; null if no rule speaks for it. */
  of(host: string): string[] | null {
    const rules = [
      ...(this.#exact.get(host) ?? []),
      ...this.#wildcards.filter((rule) => hostMatches(rule.host, host)),
    ];
    return rules.length === 0 ? null : rules.flatMap(({ subsets }) => subsets);
  }
}
