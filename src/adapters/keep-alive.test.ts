import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const module = new URL('./keep-alive.js', import.meta.url).href;

test('a process that waits does not end, and ends once it is let go', async () => {
  const waiting = `
    import { keepAlive } from ${JSON.stringify(module)};
    const letGo = keepAlive();
    setTimeout(() => { console.log('still here'); letGo(); }, 50).unref();
    await new Promise((resolve) => setTimeout(resolve, 60).unref());
  `;
  const failed = await run(process.execPath, ['--input-type=module', '-e', waiting]).catch((error) => error);
  assert.match(failed.stdout, /still here/);
});
