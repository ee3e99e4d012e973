import assert from 'node:assert/strict';
import {
  chmod,
  copyFile,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { FakeClock } from '../../base/testing.js';
import type { Workload } from '../../model/workload.js';
import { openStateFolder, type StateFolder } from './folder.js';
import { Generations } from './generations.js';

const workload: Workload = {
  namespace: 'ns',
  serviceAccount: 'sa',
  service: 'svc',
  name: 'svc-1',
  labels: {},
};

async function newFolder(t: TestContext): Promise<StateFolder> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-state-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return openStateFolder(join(path, 'state'));
}

function filesIn(folder: StateFolder, of: Workload = workload) {
  const lines: string[] = [];
  const clock = new FakeClock();
  const options = {
    folder,
    kind: 'policy' as const,
    workload: of,
    clock,
    log: (line: string) => lines.push(line),
  };
  return { lines, clock, files: new Generations(options) };
}

async function save(folder: StateFolder, ...bodies: string[]): Promise<void> {
  for (const body of bodies) {
    const { files } = filesIn(folder);
    files.save({ trustDomain: 'td', body: () => body });
    await files.close();
  }
}

const load = (files: Generations) => files.load((body) => body);
const pathOf = (folder: StateFolder, generation: number) =>
  join(folder.path, `ns.sa.svc.policy.${generation}`);

test('what was saved is loaded again with its facts; two generations are kept, and only their owner may read them', async (t) => {
  const folder = await newFolder(t);
  const { files, clock } = filesIn(folder);
  assert.equal(await load(files), null);
  await save(folder, 'one', 'two', 'three', 'four');
  const facts = await files.load((body, found) => ({ body, found }));
  assert.deepEqual(facts, {
    body: 'four',
    found: {
      kind: 'policy',
      subject: '["ns","sa","svc"]',
      trustDomain: 'td',
      generation: 4,
      savedAt: clock.wallNow(),
    },
  });
  const names = (await readdir(folder.path)).sort();
  assert.deepEqual(names, ['ns.sa.svc.policy.3', 'ns.sa.svc.policy.4', 'seal.key']);
  for (const name of names) assert.equal((await stat(join(folder.path, name))).mode & 0o777, 0o600);
  assert.equal((await stat(folder.path)).mode & 0o777, 0o700);
});

test('of many saves at once the first and the newest reach the disk, and no temporary file stays', async (t) => {
  const folder = await newFolder(t);
  const { files } = filesIn(folder);
  for (let i = 1; i <= 5; i += 1) files.save({ trustDomain: 'td', body: () => `body ${i}` });
  await files.close();
  assert.equal(await load(files), 'body 5');
  assert.deepEqual(
    (await readdir(folder.path)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('whatever byte of a file is changed, and wherever it is cut off, the generation before is used, and it is said', async (t) => {
  const folder = await newFolder(t);
  await save(folder, 'one', 'two');
  const path = pathOf(folder, 2);
  const good = await readFile(path);
  const { files, lines } = filesIn(folder);
  for (let at = 0; at < good.length; at += 1) {
    const changed = Buffer.from(good);
    changed[at]! ^= 1;
    await writeFile(path, changed);
    assert.equal(await load(files), 'one', `byte ${at} changed`);
    await writeFile(path, good.subarray(0, at));
    assert.equal(await load(files), 'one', `${at} bytes left`);
  }
  assert.equal(lines.length, 2 * good.length);
  assert.match(lines[0]!, /the saved policy .*\.2 is not used: it is damaged/);
  await writeFile(path, good);
  assert.equal(await load(files), 'two');
});

test('a file that others may write, a link, one that was renamed, and one of another folder or workload are not used', async (t) => {
  const folder = await newFolder(t);
  await save(folder, 'one', 'two');
  const { files, lines } = filesIn(folder);
  await chmod(pathOf(folder, 2), 0o640);
  assert.equal(await load(files), 'one');
  assert.match(lines.at(-1)!, /others may read or write it/);
  await rename(pathOf(folder, 2), pathOf(folder, 9));
  await chmod(pathOf(folder, 9), 0o600);
  assert.equal(await load(files), 'one');
  assert.match(lines.at(-1)!, /renamed/);
  await rm(pathOf(folder, 9));
  await symlink(pathOf(folder, 1), pathOf(folder, 3));
  assert.equal(await load(files), 'one');
  assert.match(lines.at(-1)!, /it is a link/);
  await rm(pathOf(folder, 3));

  const other = await newFolder(t);
  await save(other, 'foreign');
  await copyFile(pathOf(other, 1), pathOf(folder, 3));
  assert.equal(await load(files), 'one');
  assert.match(lines.at(-1)!, /another folder/);
  await rm(pathOf(folder, 3));

  // Its name looks the same in that of a file.
  const alike = filesIn(folder, { ...workload, serviceAccount: 'sa', service: 'svc', namespace: 'ns' });
  assert.equal(await load(alike.files), 'one');
  const [dotted, scored] = [
    { ...workload, service: 'a.b' },
    { ...workload, service: 'a_b' },
  ];
  const one = filesIn(folder, dotted).files;
  one.save({ trustDomain: 'td', body: () => 'dotted' });
  await one.close();
  await assert.rejects(load(filesIn(folder, scored).files), /another workload/);
});

test('if no generation can be used that is an error, which says why not the newest', async (t) => {
  const folder = await newFolder(t);
  await save(folder, 'one', 'two');
  await writeFile(pathOf(folder, 1), '');
  await writeFile(pathOf(folder, 2), 'junk\n');
  await assert.rejects(load(filesIn(folder).files), (error) => {
    assert.ok(isMeshError(error, 'HEDDLE_INVALID_POLICY'));
    assert.match(error.message, /no saved policy in .* can be used: it is damaged/);
    return true;
  });
  await save(folder, 'three');
  assert.equal(await load(filesIn(folder).files), 'three');
});

test('what a process that was killed has left half written is not read, and goes after a minute', async (t) => {
  const folder = await newFolder(t);
  await save(folder, 'one');
  const leftover = `${pathOf(folder, 2)}.77.tmp`;
  await writeFile(leftover, 'half', { mode: 0o600 });
  const { files, clock, lines } = filesIn(folder);
  const now = clock.wallNow() / 1_000;
  await utimes(leftover, now, now);
  assert.equal(await load(files), 'one');
  assert.deepEqual(lines, []);
  assert.ok((await readdir(folder.path)).includes('ns.sa.svc.policy.2.77.tmp'));
  clock.jumpWall(61_000);
  assert.equal(await load(files), 'one');
  assert.ok(!(await readdir(folder.path)).includes('ns.sa.svc.policy.2.77.tmp'));
});

test('a save that fails is told of, and the next one is tried', async (t) => {
  const folder = await newFolder(t);
  const { files, lines } = filesIn(folder);
  files.save({
    trustDomain: 'td',
    body: () => {
      throw new Error('no space left');
    },
  });
  await files.close();
  assert.deepEqual(lines, ['the policy could not be saved for a later start: no space left']);
  files.save({ trustDomain: 'td', body: () => 'next' });
  await files.close();
  assert.equal(await load(files), 'next');
});

test('a folder that others may read, or that is not one, is refused, and the message says what to do', async (t) => {
  const { path } = await newFolder(t);
  for (const mode of [0o750, 0o705, 0o770, 0o702]) {
    await chmod(path, mode);
    assert.throws(
      () => openStateFolder(path),
      (error) => {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_SETTING'));
        assert.match(error.message, /HEDDLE_STATE_DIR.*others may read or write it.*mode 0700/);
        return true;
      },
    );
  }
  await chmod(path, 0o700);
  const first = openStateFolder(path).sealKey;
  assert.deepEqual(openStateFolder(path).sealKey, first);
  await writeFile(join(path, 'seal.key'), 'short');
  assert.throws(() => openStateFolder(path), /seal\.key is damaged/);
  await writeFile(join(path, 'file'), '');
  assert.throws(() => openStateFolder(join(path, 'file')), /HEDDLE_INVALID_SETTING/);
});

test('a folder of another user is refused', { skip: process.getuid?.() !== 0 }, async (t) => {
  const { path } = await newFolder(t);
  const { chownSync } = await import('node:fs');
  chownSync(path, 12_345, 12_345);
  assert.throws(() => openStateFolder(path), /belongs to user 12345/);
});
