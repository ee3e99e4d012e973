/**
 * Which traces, metrics and access logs a workload makes: Istio's Telemetry as it is sent to workloads. Plain JSON.
 * @source Istio `telemetry/v1alpha1/telemetry.proto`
 */

/** Of the calls that it makes, and of the exchanges that it takes. */
export interface EffectiveTelemetry {
  readonly client: TelemetrySide;
  readonly server: TelemetrySide;
}

/** What is absent, nobody spoke of: the process's own settings hold. */
export interface TelemetrySide {
  readonly tracing?: TracingPolicy;
  readonly metrics?: readonly MetricsPolicy[];
  readonly accessLogging?: readonly AccessLogPolicy[];
}

export interface TracingPolicy {
  /** Says nothing here: spans go where the program's OpenTelemetry sends them. */
  readonly provider?: string;
  /** Of the traces that begin here, 0 to 100; drawn by their ids. @default what the program's OpenTelemetry decides */
  readonly samplingPercent?: number;
  /** Trace context is carried on, no span is reported. */
  readonly reportingDisabled?: true;
  /** Trace context is not carried on. */
  readonly propagationDisabled?: true;
  /** Has no effect: a trace is drawn by its own id. */
  readonly useRequestIdForSampling?: boolean;
  /** Istio's own attributes on spans. @default false: spans are described in OpenTelemetry's words */
  readonly istioTags?: boolean;
  readonly customTags?: Readonly<Record<string, CustomTag>>;
}

export type CustomTag =
  | { readonly literal: string }
  | { readonly environment: string; readonly defaultValue?: string }
  | { readonly header: string; readonly defaultValue?: string }
  | { readonly formatter: string };

/** Of one provider. */
export interface MetricsPolicy {
  /** '': the process's own. */
  readonly provider: string;
  /** None at all. */
  readonly disabled?: true;
  readonly reportingIntervalMs?: number;
  /** By metric, each once: `REQUEST_COUNT`, …, or the name of a custom one. */
  readonly overrides: readonly MetricOverride[];
}

export interface MetricOverride {
  readonly metric: string;
  readonly disabled?: true;
  /** By tag: a CEL expression for its value; null: the tag is left out. */
  readonly tags?: Readonly<Record<string, string | null>>;
}

/** Of one provider. */
export interface AccessLogPolicy {
  /** '': the process's own. */
  readonly provider: string;
  readonly disabled?: true;
  /** A CEL expression: only what it holds for is logged. */
  readonly filter?: string;
}
