/**
 * What a reader of OpenTelemetry's metrics SDK takes from a producer, as far as we produce it. Written down here because the SDK is the
 * program's, not ours.
 * @source opentelemetry-js `packages/sdk-metrics/src/export/MetricData.ts`
 */
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';
import type { Descriptor, KeptCounter, KeptHistogram } from './instrument.js';

export interface CollectedMetrics {
  resourceMetrics: {
    resource: NoResource;
    scopeMetrics: { scope: { name: string }; metrics: MetricData[] }[];
  };
  errors: unknown[];
}

export type MetricData = SumData | HistogramData;

interface Described {
  readonly descriptor: Descriptor;
  /** `AggregationTemporality.CUMULATIVE`. */
  readonly aggregationTemporality: 1;
}

interface SumData extends Described {
  /** `DataPointType.SUM`. */
  readonly dataPointType: 3;
  readonly isMonotonic: true;
  readonly dataPoints: DataPoint<number>[];
}

interface HistogramData extends Described {
  /** `DataPointType.HISTOGRAM`. */
  readonly dataPointType: 0;
  readonly dataPoints: DataPoint<HistogramValue>[];
}

interface DataPoint<Value> {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Attributes;
  readonly value: Value;
}

interface HistogramValue {
  buckets: { boundaries: number[]; counts: number[] };
  sum: number;
  count: number;
  min: number;
  max: number;
}

export interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

export function sumOf({ descriptor, series }: KeptCounter, span: Span): SumData {
  const dataPoints = Array.from(series, ({ labels, sum }) => ({ ...span, attributes: labels, value: sum }));
  return { descriptor, aggregationTemporality: 1, dataPointType: 3, isMonotonic: true, dataPoints };
}

export function histogramOf({ descriptor, series }: KeptHistogram, span: Span): HistogramData {
  const dataPoints = Array.from(series, ({ labels, bounds, counts, sum, count, min, max }) => ({
    ...span,
    attributes: labels,
    value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count, min, max },
  }));
  return { descriptor, aggregationTemporality: 1, dataPointType: 0, dataPoints };
}

/** @param wallMs milliseconds since the epoch */
export function hrTime(wallMs: number): HrTime {
  const seconds = Math.floor(wallMs / 1000);
  return [seconds, Math.round((wallMs - seconds * 1000) * 1e6)];
}

/** A reader keeps its SDK's resource; the type wants one of every producer. */
export interface NoResource {
  readonly attributes: Attributes;
  merge(other: NoResource | null): NoResource;
  getRawAttributes(): [string, AttributeValue | undefined][];
}

export const NO_RESOURCE: NoResource = {
  attributes: {},
  merge: (other) => other ?? NO_RESOURCE,
  getRawAttributes: () => [],
};
