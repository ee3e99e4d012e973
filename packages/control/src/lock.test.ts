import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMeshError } from 'heddle/ports';
import { lockDirectory } from './lock.js';
import { dataDirectory } from './server.test.client.js';

test('of several that find the lock of a killed process at once, one gets it', async (context) => {
  const directory = dataDirectory(context);
  const script =
    'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  await once(spawn(process.execPath, ['-e', script, join(directory, 'lock.sock')]), 'exit');
  const tried = await Promise.allSettled([1, 2, 3, 4].map(() => lockDirectory(directory)));
  const held = tried.filter((one) => one.status === 'fulfilled');
  context.after(() => Promise.all(held.map(({ value }) => value?.())));
  assert.equal(held.length, 1);
  for (const one of tried) {
    assert.ok(one.status === 'fulfilled' || isMeshError(one.reason, 'HEDDLE_INVALID_SETTING'));
  }
  await assert.rejects(lockDirectory(directory), (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING'));
});
