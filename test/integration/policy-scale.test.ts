/** The benchmark of policy at scale, in miniature: that it measures what it says. How long anything takes is not asked. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = new URL('../../..', import.meta.url).pathname;

test('the benchmark of policy at scale changes one of ten and one of a hundred services, and says what it costs', () => {
  const arguments_ = [join(root, 'benchmarks/policy-scale.mjs'), '--max', '100', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const { rows, ratio } = JSON.parse(stdout) as { rows: { size: number; changed: number }[]; ratio: number };
  assert.deepEqual(
    rows.map(({ size }) => size),
    [10, 100],
  );
  assert.ok(rows.every(({ changed }) => changed > 0));
  assert.equal(ratio, 1, 'a hundred services are what others are compared with');
});
