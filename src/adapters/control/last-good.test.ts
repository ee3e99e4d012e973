import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { base, host, resource, TestClock, workload } from './fixtures.test.helper.js';
import { LastGoodFile } from './last-good.js';
import { mergeUpdate, versionsOf } from './resources.js';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-last-good-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return join(path, 'state');
}

function fileIn(state: string, of = workload): LastGoodFile {
  const onError = (error: Error) => assert.fail(error);
  return new LastGoodFile({ folder: state, workload: of, clock: new TestClock(), onError });
}

async function save(file: LastGoodFile, ...revisions: number[]): Promise<void> {
  for (const revision of revisions) file.save({ revision, held, savedAt: 123 });
  await file.close();
}

const held = mergeUpdate(new Map(), {
  upsert: [...base('v'), resource('host/a', 'w', host('a'))],
  remove: [],
});

test('what was saved is loaded again, and only its owner may read it', async (t) => {
  const state = await folder(t);
  const file = fileIn(state);
  assert.equal(await file.load(), null);
  await save(file, 5);
  const loaded = await fileIn(state).load();
  assert.equal(loaded?.revision, 5);
  assert.equal(loaded.savedAt, 123);
  assert.deepEqual(versionsOf(loaded.held), versionsOf(held));
  assert.equal((await stat(file.path)).mode & 0o777, 0o600);
  assert.equal((await stat(state)).mode & 0o777, 0o700);
});

test('of many saves at once the newest stays, and no temporary file', async (t) => {
  const state = await folder(t);
  const file = fileIn(state);
  await save(file, 1, 2, 3, 4, 5);
  assert.equal((await file.load())?.revision, 5);
  assert.equal((await readdir(state)).length, 1);
});

test('a file that is damaged, open to others or of another workload is not used, and the reason is said', async (t) => {
  const file = fileIn(await folder(t));
  await save(file, 5);
  await chmod(file.path, 0o666);
  await assert.rejects(file.load(), /other users may write it/);
  await chmod(file.path, 0o600);
  const saved = await file.load();
  assert.equal(saved?.revision, 5);
  await writeFile(file.path, '{"format":1,');
  await assert.rejects(file.load(), (error) => isMeshError(error, 'HEDDLE_INVALID_POLICY'));
});

test('two workloads whose names look alike in a file name do not read each other', async (t) => {
  const state = await folder(t);
  const one = fileIn(state, { ...workload, service: 'a_b' });
  const other = fileIn(state, { ...workload, service: 'a.b' });
  await save(one, 1);
  assert.equal(one.path, other.path);
  await assert.rejects(other.load(), /another workload/);
});
