/** The demo is the product's promise: it runs here as a user runs it, and all of its own checks have to pass. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const DEMO = resolve(fileURLToPath(import.meta.url), '../../../../examples/bookinfo/dist/main.js');

test('the demo plays all its acts, every check passes, and it exits with 0', { timeout: 400_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [DEMO, '--patient'], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  for (let act = 1; act <= 8; act += 1) assert.match(stdout, new RegExp(`^${act}\\. `, 'm'));
  assert.match(stdout, /All well: \d+ checks passed, 0 failed/);
});

test('the demo refuses an option that it does not know, with 2 and its usage', () => {
  const { status, stderr } = spawnSync(process.execPath, [DEMO, '--sideways'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /--sideways.*Usage/s);
});
