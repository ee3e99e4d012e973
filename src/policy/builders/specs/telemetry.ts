// Made from the schemas of policy by `node scripts/docs.mjs --write`; a change here would be lost.

/** What a Telemetry says. */
export interface TelemetrySpec {
  /** Of workloads in its own namespace; workload over namespace over mesh (`istio-system`). */
  readonly selector?: TelemetrySelector;
  /** Partly: told as HDL0006: for gateways and waypoints, never for a workload. */
  readonly targetRef?: TelemetryTargetRef;
  /** Partly: as `targetRef`. */
  readonly targetRefs?: readonly TelemetryTargetRef[];
  /** Field by field, the narrower policy over the wider; one entry a policy. */
  readonly tracing?: readonly TelemetryTracing[];
  /** Of the standard metrics. */
  readonly metrics?: readonly TelemetryMetric[];
  /** A line a call or exchange. */
  readonly accessLogging?: readonly TelemetryAccessLogging[];
}

export interface TelemetrySelector {
  /** All of them on the workload. */
  readonly matchLabels?: Readonly<Record<string, string>>;
}

export interface TelemetryTargetRef {
  readonly group?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
}

export interface TelemetryTracing {
  readonly match?: TelemetryTracingMatch;
  /** Partly: told as HDL0006: spans go where the program's OpenTelemetry sends them, whatever the name. */
  readonly providers?: readonly TelemetryTracingProvider[];
  /** Of traces that begin here, drawn by their ids; the program's own sampler must want them too. */
  readonly randomSamplingPercentage?: number;
  /** No span is made; the trace context is passed on. */
  readonly disableSpanReporting?: boolean;
  /** Attributes of spans, by name. */
  readonly customTags?: Readonly<Record<string, TelemetryTracingCustomTag>>;
  /** Partly: told as HDL0006, without effect: a trace is drawn by its own id. */
  readonly useRequestIdForTraceSampling?: boolean;
  /** Istio's attributes on spans: canonical service and revision, mesh, namespace. Default: false. */
  readonly enableIstioTags?: boolean;
  /** Calls carry no trace context; baggage is passed on. */
  readonly disableContextPropagation?: boolean;
}

export interface TelemetryTracingMatch {
  /** Of calls out, of exchanges, or of both. Default: CLIENT_AND_SERVER. */
  readonly mode?: 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER';
}

export interface TelemetryTracingProvider {
  readonly name?: string;
}

export interface TelemetryTracingCustomTag {
  readonly literal?: TelemetryTracingCustomTagLiteral;
  readonly environment?: TelemetryTracingCustomTagEnvironment;
  readonly header?: TelemetryTracingCustomTagEnvironment;
  readonly formatter?: TelemetryTracingCustomTagLiteral;
}

export interface TelemetryTracingCustomTagLiteral {
  /** The same for every span. */
  readonly value?: string;
}

export interface TelemetryTracingCustomTagEnvironment {
  /** Of a variable of the process; never one that holds a Heddle token. */
  readonly name?: string;
  /** Where it is not set. */
  readonly defaultValue?: string;
}

export interface TelemetryMetric {
  /** Partly: `prometheus`; others are told as HDL0006 and count for nothing. */
  readonly providers?: readonly TelemetryTracingProvider[];
  /** The last one that matches wins. */
  readonly overrides?: readonly TelemetryMetricOverride[];
  /** Partly: told as HDL0006, without effect: it is set where the program exports. */
  readonly reportingInterval?: string;
}

export interface TelemetryMetricOverride {
  readonly match?: TelemetryMetricOverrideMatch;
  /** The metric is not recorded. */
  readonly disabled?: boolean;
  /** Labels that are left out or set to the value of a CEL expression. */
  readonly tagOverrides?: Readonly<Record<string, TelemetryMetricOverrideTagOverride>>;
}

export interface TelemetryMetricOverrideMatch {
  /**
   * REQUEST_COUNT, REQUEST_DURATION, REQUEST_SIZE, RESPONSE_SIZE, or all; those of TCP and of gRPC messages
   * are told as HDL0006.
   */
  readonly metric?:
    | 'ALL_METRICS'
    | 'REQUEST_COUNT'
    | 'REQUEST_DURATION'
    | 'REQUEST_SIZE'
    | 'RESPONSE_SIZE'
    | 'TCP_OPENED_CONNECTIONS'
    | 'TCP_CLOSED_CONNECTIONS'
    | 'TCP_SENT_BYTES'
    | 'TCP_RECEIVED_BYTES'
    | 'GRPC_REQUEST_MESSAGES'
    | 'GRPC_RESPONSE_MESSAGES';
  /** Partly: told as HDL0006, without effect: only Istio's own metrics are made. */
  readonly customMetric?: string;
  /** Of calls out, of exchanges, or of both. */
  readonly mode?: 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER';
}

export interface TelemetryMetricOverrideTagOverride {
  /** UPSERT or REMOVE. Default: UPSERT. */
  readonly operation?: 'UPSERT' | 'REMOVE';
  /**
   * A CEL expression over Envoy's attributes; `unknown` where it fails, and after 1000 values; one that does
   * not compile is warned of as HDL0008.
   */
  readonly value?: string;
}

export interface TelemetryAccessLogging {
  readonly match?: TelemetryTracingMatch;
  /** Partly: `envoy`; others are told as HDL0006 and count for nothing. */
  readonly providers?: readonly TelemetryTracingProvider[];
  /** No line is written, whatever HEDDLE_ACCESS_LOG says. */
  readonly disabled?: boolean;
  /**
   * A CEL expression over Envoy's attributes; a line is written where it is true, none where it fails;
   * without functions that repeat work (`all`, `exists`, `map`, `filter`, `bind`), which are refused.
   */
  readonly filter?: TelemetryAccessLoggingFilter;
}

export interface TelemetryAccessLoggingFilter {
  readonly expression?: string;
}
