/**
 * Telemetry: which traces, metrics and access logs a workload makes.
 * @source Istio `telemetry/v1alpha1/telemetry.proto`
 */
import { z } from 'zod';
import { duration, workloadSelector } from './common.js';
import type { KindDefinition } from './kind.js';
import { targetReference } from './target-reference.js';
import { checkTelemetry } from './telemetry-checks.js';

const mode = z.enum(['CLIENT_AND_SERVER', 'CLIENT', 'SERVER']);
const providers = z.array(z.strictObject({ name: z.string().optional() }));

const customTag = z.strictObject({
  literal: z.strictObject({ value: z.string().optional() }).optional(),
  environment: z
    .strictObject({ name: z.string().optional(), defaultValue: z.string().optional() })
    .optional(),
  header: z.strictObject({ name: z.string().optional(), defaultValue: z.string().optional() }).optional(),
  formatter: z.strictObject({ value: z.string().optional() }).optional(),
});

const tracing = z.strictObject({
  match: z.strictObject({ mode: mode.optional() }).optional(),
  providers: providers.optional(),
  randomSamplingPercentage: z.number().optional(),
  disableSpanReporting: z.boolean().optional(),
  customTags: z.record(z.string(), customTag).optional(),
  useRequestIdForTraceSampling: z.boolean().optional(),
  enableIstioTags: z.boolean().optional(),
  disableContextPropagation: z.boolean().optional(),
});

const metric = z.enum([
  'ALL_METRICS',
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
]);

const override = z.strictObject({
  match: z
    .strictObject({ metric: metric.optional(), customMetric: z.string().optional(), mode: mode.optional() })
    .optional(),
  disabled: z.boolean().optional(),
  tagOverrides: z
    .record(
      z.string(),
      z.strictObject({ operation: z.enum(['UPSERT', 'REMOVE']).optional(), value: z.string().optional() }),
    )
    .optional(),
});

const metrics = z.strictObject({
  providers: providers.optional(),
  overrides: z.array(override).optional(),
  reportingInterval: duration.optional(),
});

const accessLogging = z.strictObject({
  match: z.strictObject({ mode: mode.optional() }).optional(),
  providers: providers.optional(),
  disabled: z.boolean().optional(),
  filter: z.strictObject({ expression: z.string().optional() }).optional(),
});

const schema = z.strictObject({
  selector: workloadSelector.optional(),
  targetRef: targetReference.optional(),
  targetRefs: z.array(targetReference).optional(),
  tracing: z.array(tracing).optional(),
  metrics: z.array(metrics).optional(),
  accessLogging: z.array(accessLogging).optional(),
});

export type TelemetrySpec = z.infer<typeof schema>;
export type CustomTagSpec = z.infer<typeof customTag>;
export type TracingSpec = z.infer<typeof tracing>;
export type MetricsOverrideSpec = z.infer<typeof override>;
export type MetricsSpec = z.infer<typeof metrics>;
export type AccessLoggingSpec = z.infer<typeof accessLogging>;

export const telemetry: KindDefinition<TelemetrySpec> = {
  kind: 'Telemetry',
  group: 'telemetry.istio.io',
  versions: ['v1', 'v1alpha1'],
  schema,
  check: checkTelemetry,
};
