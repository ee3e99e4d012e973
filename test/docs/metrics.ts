/** Every instrument that a mesh makes, as a meter is told of them. */
import type { Meter, MetricOptions } from '@opentelemetry/api';
import { ROOT } from './markdown.js';

export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly unit: string;
  readonly description: string;
}

export const METRICS: readonly Metric[] = await collect();

async function collect(): Promise<Metric[]> {
  // Not an entry point: these are the mesh's own instruments, and nobody else's business.
  const module = new URL(`file://${ROOT}/dist/observability/metrics/instruments.js`);
  const { Instruments } = (await import(module.href)) as {
    Instruments: new (meter: Meter, facts: object) => unknown;
  };
  const seen: Metric[] = [];
  const note = (type: Metric['type']) => (name: string, options: MetricOptions) => {
    seen.push({ name, type, unit: options.unit ?? '1', description: options.description ?? '' });
    return { add() {}, record() {}, addCallback() {} };
  };
  const meter = {
    createCounter: note('counter'),
    createHistogram: note('histogram'),
    createObservableGauge: note('gauge'),
  };
  new Instruments(meter as unknown as Meter, { labels: {} });
  return seen;
}
