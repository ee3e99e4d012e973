/**
 * What policy says of traces: which are kept, and whether spans are made and context is carried on. Pure.
 * @source Istio `pilot/pkg/networking/core/tracing.go`; spec observability.md §4
 */
import type { Random } from '../../base/random.js';
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

/** Decides about a trace that has no id yet: an integer of 1 or more, below 16¹³. */
export function newDraw(random: Random): number {
  return Math.floor(random.next() * 16 ** DIGITS) || 1;
}

/** What of an id decides whether its trace is kept: its last 13 digits are random in every format of ids, and a number holds them exactly. */
export function drawOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-DIGITS), 16);
}

/**
 * Is a trace among the `percent` that are kept? Whoever knows its id comes to the same answer.
 * @example keepsTrace(drawOf('0af7651916cd43dd8448eb211c80319c'), 50); // => true
 */
export function keepsTrace(draw: number, percent: number): boolean {
  return draw < (percent / 100) * 16 ** DIGITS;
}

const DIGITS = 13;
