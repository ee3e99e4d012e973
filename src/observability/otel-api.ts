/**
 * The part of `@opentelemetry/api` that registers things. It is a peer dependency: the application and its SDK bring the
 * copy, for two minor versions of it in one process do not see each other.
 */
import {
  type ContextAPI,
  context,
  type MetricsAPI,
  metrics,
  type PropagationAPI,
  propagation,
  type TraceAPI,
  trace,
} from '@opentelemetry/api';

export interface OtelApi {
  readonly trace: Pick<TraceAPI, 'getTracerProvider'>;
  readonly context: Pick<ContextAPI, 'active' | 'with'>;
  readonly propagation: Pick<PropagationAPI, 'inject' | 'extract' | 'fields'>;
  readonly metrics: Pick<MetricsAPI, 'getMeterProvider'>;
}

/** What the process has registered, whenever it registers it. */
export const globalOtelApi: OtelApi = { trace, context, propagation, metrics };
