/**
 * Which lines policy wants. Pure.
 * @source Istio `pilot/pkg/networking/core/accesslog.go`, `pilot/pkg/model/telemetry_logging.go`
 */
import { compileExpression, type Expression, type ExpressionFacts } from '../expression.js';
import type { AccessLogPolicy } from '../policy.js';

export interface AccessLogRule {
  /** false: no line at all. */
  readonly on: boolean;
  /** A line is wanted if one of these holds. null: always */
  readonly filters: readonly Expression[] | null;
}

/** What writes to the output of the process: nobody's name, and that of Istio's built-in provider. */
export const LOG_PROVIDERS: ReadonlySet<string> = new Set(['', 'envoy']);

/**
 * @returns undefined where nothing is said of the process's own log: the setting holds. Providers that this process does not know count
 * for nothing, as in Istio.
 * @throws Error if a filter is no expression
 */
export function compileAccessLog(all: readonly AccessLogPolicy[] | undefined): AccessLogRule | undefined {
  const own = (all ?? []).filter(({ provider }) => LOG_PROVIDERS.has(provider));
  if (own.length === 0) return undefined;
  const on = own.filter(({ disabled }) => disabled !== true);
  const filters = on.flatMap(({ filter }) => (filter === undefined ? [] : compileExpression(filter)));
  return { on: on.length > 0, filters: filters.length < on.length ? null : filters };
}

/** @param facts asked for only where there is a filter */
export function wantsLine(rule: AccessLogRule, facts: () => ExpressionFacts): boolean {
  if (!rule.on || rule.filters === null) return rule.on;
  const known = facts();
  return rule.filters.some((filter) => filter.holds(known));
}
