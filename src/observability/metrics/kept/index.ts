/**
 * The mesh's metrics, kept by the mesh. Through an SDK of OpenTelemetry a sample costs some eight microseconds, because each is sorted
 * and joined by all of its labels, and a call has five; kept here it costs a look-up. A reader of the SDK collects them with its own.
 */
import type { Meter, MeterProvider, MetricOptions } from '@opentelemetry/api';
import { type Clock, systemClock } from '../../../base/clock.js';
import { type Descriptor, KeptCounter, KeptHistogram } from './instrument.js';
import { type CollectedMetrics, histogramOf, hrTime, NO_RESOURCE, sumOf } from './metric-data.js';

/** The mesh's own meter has this name. */
const NAME = 'heddle';

/**
 * A `MetricProducer` for the readers of the program's SDK, and the provider by which the mesh finds it. Counts are cumulative.
 * @example
 * const kept = new KeptMetrics();
 * const reader = new PeriodicExportingMetricReader({ exporter, metricProducers: [kept] });
 * metrics.setGlobalMeterProvider(kept.over(new MeterProvider({ readers: [reader] })));
 */
export class KeptMetrics {
  readonly #clock: Pick<Clock, 'wallNow'>;
  readonly #since: number;
  readonly #counters = new Map<string, KeptCounter>();
  readonly #histograms = new Map<string, KeptHistogram>();

  /** @param clock whose wall time samples are stamped with @default the system's */
  constructor(clock: Pick<Clock, 'wallNow'> = systemClock) {
    this.#clock = clock;
    this.#since = clock.wallNow();
  }

  /** A provider that counts the mesh's samples here, and leaves everything else to `provider`. Register it in the place of that one. */
  over(provider: MeterProvider): MeterProvider & { forceFlush(): Promise<void> } {
    const meter = this.#over(provider.getMeter(NAME));
    return {
      getMeter: (name, version, options) =>
        name === NAME ? meter : provider.getMeter(name, version, options),
      async forceFlush() {
        if ('forceFlush' in provider && typeof provider.forceFlush === 'function')
          await provider.forceFlush();
      },
    };
  }

  /** For the SDK's readers. */
  async collect(): Promise<CollectedMetrics> {
    const span = { startTime: hrTime(this.#since), endTime: hrTime(this.#clock.wallNow()) };
    const metrics = [
      ...Array.from(this.#counters.values(), (counter) => sumOf(counter, span)),
      ...Array.from(this.#histograms.values(), (histogram) => histogramOf(histogram, span)),
    ].filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: { name: NAME }, metrics }];
    return { resourceMetrics: { resource: NO_RESOURCE, scopeMetrics }, errors: [] };
  }

  /** Instruments that are asked, not told, stay with the SDK. */
  #over(meter: Meter): Meter {
    return {
      createCounter: (name, options) => this.#counter(name, options),
      createHistogram: (name, options) => this.#histogram(name, options),
      createGauge: (name, options) => meter.createGauge(name, options),
      createUpDownCounter: (name, options) => meter.createUpDownCounter(name, options),
      createObservableGauge: (name, options) => meter.createObservableGauge(name, options),
      createObservableCounter: (name, options) => meter.createObservableCounter(name, options),
      createObservableUpDownCounter: (name, options) => meter.createObservableUpDownCounter(name, options),
      addBatchObservableCallback: (callback, observables) =>
        meter.addBatchObservableCallback(callback, observables),
      removeBatchObservableCallback: (callback, observables) =>
        meter.removeBatchObservableCallback(callback, observables),
    };
  }

  /** Two meshes of one process share their instruments, as they do in an SDK. */
  #counter(name: string, options: MetricOptions = {}): KeptCounter {
    const counter = this.#counters.get(name) ?? new KeptCounter(descriptorOf(name, options));
    this.#counters.set(name, counter);
    return counter;
  }

  #histogram(name: string, options: MetricOptions = {}): KeptHistogram {
    const bounds = options.advice?.explicitBucketBoundaries ?? [];
    const histogram = this.#histograms.get(name) ?? new KeptHistogram(descriptorOf(name, options), bounds);
    this.#histograms.set(name, histogram);
    return histogram;
  }
}

function descriptorOf(name: string, { description = '', unit = '' }: MetricOptions): Descriptor {
  return { name, description, unit, valueType: 1 };
}
