import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeClock } from 'heddle/ports';
import { storeContract } from './contract.js';
import { openEmbeddedStore } from './embedded.js';

async function directory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'heddle-store-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

storeContract('embedded', async (context) => {
  const clock = new FakeClock();
  const store = openEmbeddedStore({ directory: await directory(context), clock, historyRevisions: 100 });
  context.after(() => store.close());
  return {
    store,
    elapse: async (ms) => clock.advance(ms),
    async compact() {
      for (let index = 0; index < 120; index += 1) {
        await store.commit({ operations: [{ type: 'put', key: 'filler', value: index }] });
      }
    },
  };
});

test('the directory and its files are closed to other users', async (context) => {
  const path = join(await directory(context), 'deep', 'store');
  await using store = disposable(openEmbeddedStore({ directory: path }));
  await store.commit({ operations: [{ type: 'put', key: 'a', value: 1 }] });
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  for (const file of ['data.mdb', 'lock.mdb']) {
    assert.equal((await stat(join(path, file))).mode & 0o777, 0o600);
  }
});

test('a store that is opened again has its keys, revision and history, and its leases start anew', async (context) => {
  const path = await directory(context);
  const clock = new FakeClock();
  const first = openEmbeddedStore({ directory: path, clock });
  const lease = await first.grant(1_000);
  await first.commit({ operations: [{ type: 'put', key: 'a', value: 1 }] });
  await first.commit({ operations: [{ type: 'put', key: 'b', value: 2, lease }] });
  clock.advance(900);
  await first.close();

  await using second = disposable(openEmbeddedStore({ directory: path, clock }));
  assert.equal(await second.revision(), 2);
  assert.equal((await second.list('', { atRevision: 1 })).entries.length, 1);
  clock.advance(900);
  assert.equal((await second.get('b'))?.value, 2, 'the lease has its full time after a restart');
  const watch = second.watch('')[Symbol.asyncIterator]();
  clock.advance(200);
  assert.equal((await watch.next()).value?.revision, 3);
  assert.equal(await second.get('b'), undefined);
});

test('a lease that nobody renews ends, however often the store is opened again', async (context) => {
  const path = await directory(context);
  const clock = new FakeClock();
  const open = () => openEmbeddedStore({ directory: path, clock });
  const first = open();
  const dead = await first.grant(3_000);
  const alive = await first.grant(3_000);
  await first.commit({ operations: [{ type: 'put', key: 'dead', value: 1, lease: dead }] });
  await first.commit({ operations: [{ type: 'put', key: 'alive', value: 1, lease: alive }] });
  await first.close();
  // A life of a second; the hour between two of them takes nothing from anybody.
  for (let life = 1; life <= 2; life += 1) {
    const store = open();
    assert.equal(await store.keepAlive(alive), true);
    for (let step = 0; step < 4; step += 1) clock.advance(250);
    await store.close();
    clock.advance(3_600_000);
  }
  await using last = disposable(open());
  const watch = last.watch('')[Symbol.asyncIterator]();
  clock.advance(1_000);
  await watch.next();
  assert.equal(await last.get('dead'), undefined);
  assert.equal((await last.get('alive'))?.value, 1, 'it was renewed in the life before');
});

test('whatever was acknowledged before SIGKILL is there afterwards, and revisions go on', async (context) => {
  const path = await directory(context);
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./embedded.test.child.js', import.meta.url)), path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const acknowledged: { key: string; revision: number }[] = [];
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may be cut off in the middle by the kill.
    if (line.endsWith('}')) acknowledged.push(JSON.parse(line));
    if (acknowledged.length === 60) child.kill('SIGKILL');
  }
  assert.equal((await exited)[1], 'SIGKILL');
  assert.ok(acknowledged.length >= 60);

  await using store = disposable(openEmbeddedStore({ directory: path }));
  const last = Math.max(...acknowledged.map((item) => item.revision));
  const revision = await store.revision();
  assert.ok(revision >= last);
  for (const { key, revision: written } of acknowledged) {
    assert.equal((await store.get(key))?.modRevision, written, key);
  }
  const { entries } = await store.list('k/');
  assert.equal(entries.length, revision, 'no commit is there in part');
  const next = await store.commit({ operations: [{ type: 'put', key: 'after', value: 1 }] });
  assert.equal(next.revision, revision + 1);
});

function disposable<T extends { close(): Promise<void> }>(store: T): T & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() });
}
