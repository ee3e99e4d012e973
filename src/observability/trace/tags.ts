/**
 * Attributes that policy adds to spans. What does not depend on the call is worked out once.
 * @source Istio `telemetry/v1alpha1/telemetry.proto` Tracing.CustomTag; `pilot/pkg/networking/core/tracing.go` (the `istio.` tags)
 */
import type { Attributes } from '@opentelemetry/api';
import type { Clock } from '../../base/clock.js';
import { type HeaderFields, headerValue } from '../../base/headers.js';
import type { Random } from '../../base/random.js';
import type { Workload } from '../../model/workload.js';
import { canonicalRevision, canonicalService } from '../canonical.js';
import type { CustomTag, TracingPolicy } from '../policy.js';

/** What a tag may ask about a call or an exchange: what Envoy's command operators ask. */
export interface TagFacts {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
  readonly protocol: string;
  /** Milliseconds since the epoch. */
  readonly startedWall: number;
  /** Of whoever called. */
  readonly downstreamAddress?: string;
  /** `address:port` of the endpoint. */
  readonly upstreamHost?: string;
  readonly hostname: string;
}

/** What spans are made with beside the call itself. */
export interface SpanFacts {
  readonly clock: Clock;
  readonly random: Random;
  /** Of the machine. */
  readonly hostname: string;
}

/** The text of a format for one call. @param response fields of the response; none where it has none */
export type Format = (facts: TagFacts, response: HeaderFields) => string;

export interface TagSources {
  readonly workload: Workload;
  /** What Istio calls the id of the mesh: its trust domain. */
  readonly meshId: string;
  /** A variable of the process; undefined if it is not set. */
  readonly environment: (name: string) => string | undefined;
  /** Text with Envoy's command operators. @throws Error for one that is not known */
  readonly format: (text: string) => Format;
}

/** Longer values are cut: a span is a record, not an archive. */
const MAX_VALUE = 1_024;

/** @returns null for none */
export function compileTags(policy: TracingPolicy, sources: TagSources): SpanTags | null {
  const fixed: Record<string, string> = policy.istioTags === true ? istioTags(sources) : {};
  const asked: AskedTag[] = [];
  for (const [name, tag] of Object.entries(policy.customTags ?? {})) {
    const value = fixedValue(tag, sources);
    if (value !== undefined) fixed[name] = value.slice(0, MAX_VALUE);
    const ask = askedValue(tag, sources);
    if (ask !== undefined) asked.push({ name, ask });
  }
  return asked.length === 0 && Object.keys(fixed).length === 0 ? null : new SpanTags(fixed, asked);
}

interface AskedTag {
  readonly name: string;
  /** undefined or empty: there is no such tag. */
  readonly ask: (facts: TagFacts, response: HeaderFields) => string | undefined;
}

export class SpanTags {
  readonly #fixed: Attributes;
  readonly #asked: readonly AskedTag[];

  constructor(fixed: Attributes, asked: readonly AskedTag[]) {
    this.#fixed = fixed;
    this.#asked = asked;
  }

  /**
   * @param facts asked for only where a tag depends on them
   * @param response fields of the response; none where it has none
   */
  of(facts: () => TagFacts, response: HeaderFields): Attributes {
    if (this.#asked.length === 0) return this.#fixed;
    const tags = { ...this.#fixed };
    const known = facts();
    for (const { name, ask } of this.#asked) {
      const value = ask(known, response);
      if (value !== undefined && value !== '') tags[name] = value.slice(0, MAX_VALUE);
    }
    return tags;
  }
}

function fixedValue(tag: CustomTag, { environment }: TagSources): string | undefined {
  if ('literal' in tag) return tag.literal;
  if (!('environment' in tag)) return undefined;
  // Policy is written by others than those who hold the secrets of a process.
  const value = SECRET.test(tag.environment) ? undefined : environment(tag.environment);
  return value ?? tag.defaultValue;
}

function askedValue(tag: CustomTag, { format }: TagSources): AskedTag['ask'] | undefined {
  if ('header' in tag) {
    const { header, defaultValue } = tag;
    return ({ headers }) => headerValue(headers, header) ?? defaultValue;
  }
  return 'formatter' in tag ? format(tag.formatter) : undefined;
}

/** Our own tokens. */
const SECRET = /^HEDDLE_.*TOKEN/i;

function istioTags({ workload, meshId }: TagSources): Record<string, string> {
  const { labels, namespace, serviceAccount } = workload;
  return {
    'istio.canonical_service': canonicalService(labels, serviceAccount),
    'istio.canonical_revision': canonicalRevision(labels),
    'istio.mesh_id': meshId,
    'istio.namespace': namespace,
  };
}
