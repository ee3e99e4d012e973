import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNoopMeter, type Meter, type MeterProvider } from '@opentelemetry/api';
import { KeptMetrics } from './index.js';

const noop: MeterProvider = { getMeter: () => createNoopMeter() };
const clock = { wallNow: () => 1_500 };

async function collected(kept: KeptMetrics) {
  const { resourceMetrics, errors } = await kept.collect();
  assert.deepEqual(errors, []);
  return resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
}

test('a counter adds up by labels, whether they are the same object or only equal', async () => {
  const kept = new KeptMetrics(clock);
  const counter = kept
    .over(noop)
    .getMeter('heddle')
    .createCounter('calls', { description: 'Calls', unit: '1' });
  const labels = { b: '2', a: '1' };
  counter.add(1, labels);
  counter.add(2, labels);
  counter.add(4, { a: '1', b: '2' });
  counter.add(8, { a: '1' });
  counter.add(-1, labels);
  counter.add(16);
  const [sum] = await collected(kept);
  assert.deepEqual(sum?.descriptor, { name: 'calls', description: 'Calls', unit: '1', valueType: 1 });
  assert.deepEqual(
    sum.dataPoints.map(({ attributes, value }) => [attributes, value]),
    [
      [{ a: '1', b: '2' }, 7],
      [{ a: '1' }, 8],
      [{}, 16],
    ],
  );
});

test('a histogram counts a value in the first bucket whose bound it does not exceed', async () => {
  const kept = new KeptMetrics(clock);
  const advice = { explicitBucketBoundaries: [1, 10] };
  const histogram = kept.over(noop).getMeter('heddle').createHistogram('ms', { advice });
  for (const value of [0, 1, 1.5, 10, 11, -1]) histogram.record(value, { a: '1' });
  const [found] = await collected(kept);
  assert.deepEqual(found?.dataPoints, [
    {
      startTime: [1, 500_000_000],
      endTime: [1, 500_000_000],
      attributes: { a: '1' },
      value: {
        buckets: { boundaries: [1, 10], counts: [2, 2, 1] },
        sum: 23.5,
        count: 5,
        min: 0,
        max: 11,
      },
    },
  ]);
});

test('instruments of one name are one, and those without samples are not told', async () => {
  const kept = new KeptMetrics(clock);
  const provider = kept.over(noop);
  provider.getMeter('heddle').createCounter('calls').add(1);
  provider.getMeter('heddle').createCounter('calls').add(1);
  provider.getMeter('heddle').createHistogram('ms');
  const found = await collected(kept);
  assert.deepEqual(
    found.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints.map(({ value }) => value)]),
    [['calls', [2]]],
  );
});

test('beyond two thousand series the rest is one that says so', async () => {
  const kept = new KeptMetrics(clock);
  const counter = kept.over(noop).getMeter('heddle').createCounter('calls');
  for (let index = 0; index < 2_500; index += 1) counter.add(1, { index });
  const [sum] = await collected(kept);
  assert.equal(sum?.dataPoints.length, 2_000);
  assert.deepEqual(sum.dataPoints.at(-1)?.attributes, { 'otel.metric.overflow': true });
  assert.equal(sum.dataPoints.at(-1)?.value, 501);
});

test('meters of other names, and instruments that are asked, are the other provider’s', async () => {
  const asked: string[] = [];
  const meter: Meter = {
    ...createNoopMeter(),
    createObservableGauge: (name, options) => {
      asked.push(name);
      return createNoopMeter().createObservableGauge(name, options);
    },
  };
  let flushed = 0;
  const provider = {
    getMeter: (name: string) => {
      asked.push(`meter ${name}`);
      return meter;
    },
    forceFlush: async () => {
      flushed += 1;
    },
  };
  const kept = new KeptMetrics(clock);
  const over = kept.over(provider);
  assert.equal(over.getMeter('mine'), meter);
  over.getMeter('heddle').createObservableGauge('revision');
  await over.forceFlush();
  assert.deepEqual([asked, flushed], [['meter heddle', 'meter mine', 'revision'], 1]);
});
