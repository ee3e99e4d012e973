/**
 * A counter and a histogram that keep what they are told, by labels. The mesh uses the same object of labels for all samples that share
 * them, so that a sample finds its place by identity: a general meter has to sort and join some thirty labels for each.
 */
import type { Attributes, Counter, Histogram } from '@opentelemetry/api';

/** One series. */
export class Series {
  readonly labels: Attributes;
  readonly bounds: readonly number[];
  /** One more than there are bounds; a counter has one that is not used. */
  readonly counts: number[];
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;

  constructor(labels: Attributes, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    this.sum += value;
  }

  /** Buckets end with their bound: most samples are in one of the first, so they are tried in turn. */
  record(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    counts[bucket]! += 1;
    this.count += 1;
    this.sum += value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }
}

/** More than an SDK keeps would only be thrown away by whoever stores them. @source OpenTelemetry metrics SDK, cardinality limits */
const MAX_SERIES = 2_000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };
const NO_LABELS: Attributes = {};

/** All series of one instrument. */
class SeriesByLabels {
  readonly all = new Map<string, Series>();
  readonly #known = new WeakMap<Attributes, Series>();
  readonly #bounds: readonly number[];
  /** The one asked for last: mostly the next one, too. */
  #last: Series | null = null;
  #lastLabels: Attributes | null = null;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  of(labels: Attributes): Series {
    if (this.#last !== null && labels === this.#lastLabels) return this.#last;
    let series = this.#known.get(labels);
    if (series === undefined) {
      series = this.#find(labels);
      this.#known.set(labels, series);
    }
    this.#last = series;
    this.#lastLabels = labels;
    return series;
  }

  #find(labels: Attributes): Series {
    const key = keyOf(labels);
    const found = this.all.get(key);
    if (found !== undefined) return found;
    const full = this.all.size >= MAX_SERIES - 1;
    const overflowing = full ? this.all.get(keyOf(OVERFLOW)) : undefined;
    if (overflowing !== undefined) return overflowing;
    const made = new Series(full ? OVERFLOW : { ...labels }, this.#bounds);
    this.all.set(full ? keyOf(OVERFLOW) : key, made);
    return made;
  }
}

function keyOf(labels: Attributes): string {
  return JSON.stringify(
    Object.keys(labels)
      .sort()
      .map((name) => [name, labels[name]]),
  );
}

/** What an instrument is called and measured in. */
export interface Descriptor {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  /** `ValueType.DOUBLE` of OpenTelemetry. */
  readonly valueType: 1;
}

export class KeptCounter implements Counter {
  readonly descriptor: Descriptor;
  readonly #series = new SeriesByLabels([]);

  constructor(descriptor: Descriptor) {
    this.descriptor = descriptor;
  }

  add(value: number, labels: Attributes = NO_LABELS): void {
    if (value >= 0) this.#series.of(labels).add(value);
  }

  get series(): Iterable<Series> {
    return this.#series.all.values();
  }
}

export class KeptHistogram implements Histogram {
  readonly descriptor: Descriptor;
  readonly #series: SeriesByLabels;

  /** @param bounds upper ends of the buckets, ascending */
  constructor(descriptor: Descriptor, bounds: readonly number[]) {
    this.descriptor = descriptor;
    this.#series = new SeriesByLabels(bounds);
  }

  record(value: number, labels: Attributes = NO_LABELS): void {
    if (value >= 0) this.#series.of(labels).record(value);
  }

  get series(): Iterable<Series> {
    return this.#series.all.values();
  }
}
