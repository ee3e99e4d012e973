/** What the READMEs of the packages show, run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startControl } from '@heddle/control';
import { jsonLinesExporter, startTelemetry } from '@heddle/telemetry';
import { FakeClock, TestCa } from '@heddle/testkit';

test('testkit: time that a test moves by hand', () => {
  // #region clock
  const clock = new FakeClock();
  const rung: number[] = [];
  clock.after(250, () => rung.push(clock.now()));
  clock.advance(249); // rung => []
  clock.advance(1); // rung => [250]
  // #endregion
  assert.deepEqual(rung, [250]);
});

test('testkit: an identity that whoever trusts the authority trusts', async () => {
  // #region identity
  const ca = await TestCa.create();
  const reviews = await ca.identity('spiffe://cluster.local/ns/default/sa/reviews');
  // #endregion
  assert.equal(reviews.svid.current().id.toString(), 'spiffe://cluster.local/ns/default/sa/reviews');
});

test('control: a config service in a process of its user', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'heddle-docs-control-'));
  try {
    const log = () => {};
    // #region control
    await using control = await startControl({ dataDir, port: 0, log });
    const { url, operatorTokenFile } = control; // => https://127.0.0.1:…, …/operator.token
    // #endregion
    assert.match(url, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(operatorTokenFile, join(dataDir, 'operator.token'));
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

test('telemetry: OTLP and Prometheus', async () => {
  process.env.OTEL_EXPORTER_PROMETHEUS_PORT = '0';
  // #region telemetry
  await using telemetry = await startTelemetry({ traces: 'otlp', metrics: 'prometheus' });
  // #endregion
  assert.ok(telemetry);
});

test('telemetry: spans as lines of JSON', async () => {
  // #region json-lines
  const exporter = jsonLinesExporter(async (lines) => {
    await fetch('http://127.0.0.1:4000/spans', { method: 'POST', body: lines });
  });
  await using telemetry = await startTelemetry({ traces: exporter, metrics: 'none' });
  // #endregion
  assert.ok(telemetry);
});
