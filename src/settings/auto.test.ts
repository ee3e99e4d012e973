import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { readAutoSettings } from './auto.js';

test('nothing set: both directions, every port, nothing excluded', () => {
  assert.deepEqual(readAutoSettings({}), {
    out: true,
    in: true,
    exclude: [],
    ports: null,
    excludedPorts: new Set(),
  });
});

test('one direction may be chosen', () => {
  assert.deepEqual(directions('out'), [true, false]);
  assert.deepEqual(directions('IN'), [false, true]);
  assert.deepEqual(directions('both'), [true, true]);
});

function directions(value: string): boolean[] {
  const settings = readAutoSettings({ HEDDLE_AUTO: value });
  return [settings.out, settings.in];
}

test('the config service, a policy URL and exporters of OpenTelemetry are excluded by themselves', () => {
  const { exclude } = readAutoSettings({
    HEDDLE_AUTO_EXCLUDE: 'DB.internal, :5432,*.example.com:443,[::1]:80',
    HEDDLE_CONTROL: 'https://control.mesh:15010',
    HEDDLE_POLICY: 'policy.yaml',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://metrics.example/v1/metrics',
  });
  assert.deepEqual(exclude, [
    'db.internal',
    ':5432',
    '*.example.com:443',
    '[::1]:80',
    'collector:4318',
    'metrics.example:443',
    'control.mesh:15010',
  ]);
});

test('ports are numbers with commas between them', () => {
  const settings = readAutoSettings({
    HEDDLE_AUTO_PORTS: '8080, 8081',
    HEDDLE_AUTO_EXCLUDE_INBOUND_PORTS: '9090',
  });
  assert.deepEqual(settings.ports, new Set([8080, 8081]));
  assert.deepEqual(settings.excludedPorts, new Set([9090]));
});

test('what cannot be read is refused by name, and says what was expected', () => {
  for (const [name, value] of [
    ['HEDDLE_AUTO', 'sideways'],
    ['HEDDLE_AUTO_EXCLUDE', 'http://a'],
    ['HEDDLE_AUTO_EXCLUDE', 'a:99999'],
    ['HEDDLE_AUTO_EXCLUDE', 'a.*'],
    ['HEDDLE_AUTO_PORTS', '0'],
    ['HEDDLE_AUTO_EXCLUDE_INBOUND_PORTS', 'http'],
  ] as const)
    assert.throws(
      () => readAutoSettings({ [name]: value }),
      (error: Error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && error.message.includes(name),
      `${name}=${value}`,
    );
});
