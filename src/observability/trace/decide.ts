/**
 * What policy says of traces: which are kept, and whether spans are made and context is carried on. Pure.
 * @source Istio `pilot/pkg/networking/core/tracing.go`; spec observability.md §4
 */
import type { TracingPolicy } from '../policy.js';
import { compileTags, type SpanTags, type TagSources } from './tags.js';

export interface CompiledTracing {
  /** Of the traces that begin here, 0 to 100; null: the program's OpenTelemetry decides alone. */
  readonly samplingPercent: number | null;
  /** Context is carried on, no span is made. */
  readonly silent: boolean;
  /** Context is not carried on. */
  readonly apart: boolean;
  /** null: none. */
  readonly tags: SpanTags | null;
}

/**
 * @returns null if policy says nothing that changes anything
 * @throws RangeError for a percentage that is none, Error for a format that is none
 */
export function compileTracing(
  policy: TracingPolicy | undefined,
  sources: TagSources,
): CompiledTracing | null {
  if (policy === undefined) return null;
  const { samplingPercent = null } = policy;
  if (samplingPercent !== null && !(samplingPercent >= 0 && samplingPercent <= 100))
    throw new RangeError(`${samplingPercent} is not a percentage of traces`);
  const silent = policy.reportingDisabled === true;
  const apart = policy.propagationDisabled === true;
  const tags = compileTags(policy, sources);
  if (samplingPercent === null && !silent && !apart && tags === null) return null;
  return { samplingPercent, silent, apart, tags };
}

/**
 * Is a trace among the `percent` that are kept? Whoever knows its id comes to the same answer.
 * @param traceId 32 hex digits, of which the last 13 count: they are random in every format of ids, and a number holds them exactly
 * @example keepsTrace('0af7651916cd43dd8448eb211c80319c', 50); // => true
 */
export function keepsTrace(traceId: string, percent: number): boolean {
  return Number.parseInt(traceId.slice(-DIGITS), 16) < (percent / 100) * 16 ** DIGITS;
}

const DIGITS = 13;
