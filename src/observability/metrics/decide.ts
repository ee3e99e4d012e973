/**
 * What policy changes about Istio's metrics: which are made, and what their labels say. Pure, but for its memory of the values that
 * labels have had.
 * @source Istio `pilot/pkg/model/telemetry.go`; istio/proxy `source/extensions/filters/http/istio_stats/istio_stats.cc`
 */
import type { Attributes } from '@opentelemetry/api';
import { compileExpression, type Expression, type ExpressionFacts } from '../expression.js';
import type { MetricOverride, MetricsPolicy } from '../policy.js';
import { BoundedMap, MAX_NAMES } from './bounded-map.js';

/** By Istio's name for it, the metrics that a process makes. */
export interface MetricRules {
  readonly REQUEST_COUNT: MetricRule;
  readonly REQUEST_DURATION: MetricRule;
  readonly REQUEST_SIZE: MetricRule;
  readonly RESPONSE_SIZE: MetricRule;
  readonly GRPC_REQUEST_MESSAGES: MetricRule;
  readonly GRPC_RESPONSE_MESSAGES: MetricRule;
}

export interface MetricRule {
  readonly disabled: boolean;
  /** null: they stay as they are. */
  readonly labels: LabelRule | null;
}

/** What goes to the program's OpenTelemetry: nobody's name, and that of Istio's built-in provider. */
export const METRIC_PROVIDERS: ReadonlySet<string> = new Set(['', 'prometheus']);

/** Longer values are cut: a label is a name, not a text. */
const MAX_VALUE = 256;

/** @returns null if nothing is said of these metrics. Providers that this process does not know count for nothing. */
export function compileMetrics(all: readonly MetricsPolicy[] | undefined): MetricRules | null {
  const own = (all ?? []).find(({ provider }) => METRIC_PROVIDERS.has(provider));
  if (own === undefined) return null;
  const made = new Map<string, LabelRule>();
  const ruleOf = (name: keyof MetricRules): MetricRule => {
    const override = own.overrides.find(({ metric }) => metric === name);
    return {
      disabled: own.disabled === true || override?.disabled === true,
      labels: labelRule(override?.tags, made),
    };
  };
  const rules: MetricRules = {
    REQUEST_COUNT: ruleOf('REQUEST_COUNT'),
    REQUEST_DURATION: ruleOf('REQUEST_DURATION'),
    REQUEST_SIZE: ruleOf('REQUEST_SIZE'),
    RESPONSE_SIZE: ruleOf('RESPONSE_SIZE'),
    GRPC_REQUEST_MESSAGES: ruleOf('GRPC_REQUEST_MESSAGES'),
    GRPC_RESPONSE_MESSAGES: ruleOf('GRPC_RESPONSE_MESSAGES'),
  };
  const changes = Object.values(rules).some(
    ({ disabled, labels }: MetricRule) => disabled || labels !== null,
  );
  return changes ? rules : null;
}

/** Metrics with the same changes share them, so that a sample of each is worked out once. */
function labelRule(tags: MetricOverride['tags'], made: Map<string, LabelRule>): LabelRule | null {
  if (tags === undefined || Object.keys(tags).length === 0) return null;
  const key = JSON.stringify(tags);
  const rule = made.get(key) ?? new LabelRule(tags);
  made.set(key, rule);
  return rule;
}

/** Labels that are left out, and labels that say what an expression says. */
export class LabelRule {
  readonly #removed: readonly string[];
  readonly #written: readonly WrittenLabel[];
  /** Where nothing depends on the sample, labels are made once for each set of them. */
  readonly #made = new WeakMap<Attributes, Attributes>();

  constructor(tags: NonNullable<MetricOverride['tags']>) {
    // Istio only warns of a label without a name; nothing that reads metrics takes one.
    const entries = Object.entries(tags).filter(([name]) => name !== '');
    this.#removed = entries.flatMap(([name, source]) => (source === null ? name : []));
    this.#written = entries.flatMap(([name, source]) =>
      source === null ? [] : new WrittenLabel(name, source),
    );
  }

  /** @param facts asked for only where an expression has to be worked out */
  apply(labels: Attributes, facts: () => ExpressionFacts): Attributes {
    if (this.#written.length === 0) {
      let made = this.#made.get(labels);
      if (made === undefined) {
        made = this.#without(labels);
        this.#made.set(labels, made);
      }
      return made;
    }
    const made = this.#without(labels);
    const known = facts();
    for (const label of this.#written) made[label.name] = label.value(known);
    return made;
  }

  #without(labels: Attributes): Attributes {
    const made = { ...labels };
    for (const name of this.#removed) delete made[name];
    return made;
  }
}

class WrittenLabel {
  readonly name: string;
  readonly #expression: Expression | null;
  /** What callers send may end up in here: after so many values the rest is `unknown`. */
  readonly #values = new BoundedMap(MAX_NAMES, (value) => value);

  constructor(name: string, source: string) {
    this.name = name;
    this.#expression = compiledOrNull(source);
  }

  value(facts: ExpressionFacts): string {
    return this.#values.get(this.#expression?.text(facts)?.slice(0, MAX_VALUE) ?? 'unknown');
  }
}

/** Istio finds out in the proxy only, where the label says `unknown`; people were warned when they wrote it. */
function compiledOrNull(source: string): Expression | null {
  try {
    return compileExpression(source);
  } catch {
    return null;
  }
}
