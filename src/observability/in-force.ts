/** The telemetry policy in force, compiled. Swapped whole when policy changes; a call reads it once. */
import { MeshError } from '../base/errors.js';
import { type AccessLogRule, compileAccessLog } from './access-log/decide.js';
import { compileMetrics, type MetricRules } from './metrics/decide.js';
import type { EffectiveTelemetry, TelemetrySide } from './policy.js';
import { type CompiledTracing, compileTracing } from './trace/decide.js';
import type { TagSources } from './trace/tags.js';

/** What holds for calls, or for exchanges. */
export interface CompiledSide {
  /** null: nothing is said that changes anything. */
  readonly tracing: CompiledTracing | null;
  readonly metrics: MetricRules | null;
  /** undefined: the setting holds. */
  readonly accessLog: AccessLogRule | undefined;
}

export interface CompiledTelemetry {
  /** null: nobody speaks of calls. */
  readonly client: CompiledSide | null;
  readonly server: CompiledSide | null;
}

export interface TelemetryFacts {
  /** What Istio calls the id of the mesh. */
  readonly trustDomain: string;
  readonly revision: number;
}

const NOTHING: CompiledTelemetry = { client: null, server: null };

export class TelemetryPolicies {
  readonly #sources: Omit<TagSources, 'meshId'>;
  #inForce = NOTHING;
  /** What the policy in force was made of. Policy is offered anew whenever an endpoint comes or goes. */
  #key = '';

  constructor(sources: Omit<TagSources, 'meshId'>) {
    this.#sources = sources;
  }

  /** Of the calls that this process makes; null: nobody speaks of them. */
  get client(): CompiledSide | null {
    return this.#inForce.client;
  }

  /** Of the exchanges that it takes; null: nobody speaks of them. */
  get server(): CompiledSide | null {
    return this.#inForce.server;
  }

  /**
   * Changes nothing yet. @returns what puts the policy in force
   * @throws MeshError `HEDDLE_INVALID_POLICY` that says what cannot be used
   */
  prepare(policy: EffectiveTelemetry | undefined, { trustDomain, revision }: TelemetryFacts): () => void {
    const key = policy === undefined ? '' : JSON.stringify([policy, trustDomain]);
    if (key === this.#key) return () => {};
    const sources = { ...this.#sources, meshId: trustDomain };
    let compiled = NOTHING;
    try {
      if (policy !== undefined)
        compiled = {
          client: compileSide(policy.client, sources),
          server: compileSide(policy.server, sources),
        };
    } catch (cause) {
      const because = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
      throw new MeshError(`telemetry policy of revision ${revision} is refused: ${because}`, {
        code: 'HEDDLE_INVALID_POLICY',
        revision,
        cause,
      });
    }
    return () => {
      this.#inForce = compiled;
      this.#key = key;
    };
  }
}

function compileSide(side: TelemetrySide, sources: TagSources): CompiledSide | null {
  const tracing = compileTracing(side.tracing, sources);
  const metrics = compileMetrics(side.metrics);
  const accessLog = compileAccessLog(side.accessLogging);
  return tracing === null && metrics === null && accessLog === undefined
    ? null
    : { tracing, metrics, accessLog };
}
