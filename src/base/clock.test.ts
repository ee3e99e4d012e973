import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { systemClock } from './clock.js';

test('a timer that is longer than the platform has any waits as long as it can', async (context) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  context.after(() => process.off('warning', onWarning));
  const timers = [1e12, Number.POSITIVE_INFINITY].map((delay) =>
    systemClock.after(delay, () => assert.fail('it fired')),
  );
  await setImmediate();
  for (const timer of timers) timer.cancel();
  assert.deepEqual(warnings, []);
});
