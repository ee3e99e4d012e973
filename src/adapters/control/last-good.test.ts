import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Generations, openStateFolder } from '../state-dir/index.js';
import { base, host, resource, TestClock, workload } from './fixtures.test.helper.js';
import { LastGoodPolicy } from './last-good.js';
import { mergeUpdate, versionsOf } from './resources.js';

const held = mergeUpdate(new Map(), {
  upsert: [...base('v'), resource('host/a', 'w', host('a'))],
  remove: [],
});

async function opened(t: TestContext) {
  const path = await mkdtemp(join(tmpdir(), 'heddle-last-good-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  const folder = openStateFolder(join(path, 'state'));
  const clock = new TestClock();
  const log = (line: string) => lines.push(line);
  const lines: string[] = [];
  const open = () => new Generations({ folder, kind: 'policy', workload, clock, log });
  return { clock, lines, open };
}

test('what was saved is loaded again, with when that was', async (t) => {
  const { clock, open } = await opened(t);
  assert.equal(await new LastGoodPolicy(open()).load('td'), null);
  const files = open();
  new LastGoodPolicy(files).save({ revision: 5, held }, 'td');
  await files.close();
  const loaded = await new LastGoodPolicy(open()).load('td');
  assert.equal(loaded?.revision, 5);
  assert.equal(loaded.savedAt, clock.wallNow());
  assert.deepEqual(versionsOf(loaded.held), versionsOf(held));
});

test('the policy of another mesh, and what is no policy, are refused', async (t) => {
  const { open } = await opened(t);
  const files = open();
  const policy = new LastGoodPolicy(files);
  policy.save({ revision: 5, held }, 'td');
  await files.close();
  await assert.rejects(policy.load('other'), /HEDDLE_INVALID_POLICY.*trust domain 'td', and ours is 'other'/);
  files.save({ trustDomain: 'td', body: () => '{"revision":6}' });
  await files.close();
  // The one before is used in its place.
  assert.equal((await policy.load('td'))?.revision, 5);
});
