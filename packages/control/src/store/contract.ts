/** What every store must do. Each implementation runs this suite against itself. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { CompactedError, type EventBatch, LeaseError, type Store } from './store.js';
import { keyOf } from './watchers.js';

export interface StoreUnderTest {
  /** Empty, and used by nobody else. */
  readonly store: Store;
  /** Lets that much of the store's time pass. */
  elapse(ms: number): Promise<void>;
  /** Makes the store forget history up to its current revision; absent: cannot be asked for. */
  compact?(): Promise<void>;
}

/** @param open makes an empty store; what it opens it closes with `context.after` */
export function storeContract(name: string, open: (context: TestContext) => Promise<StoreUnderTest>): void {
  const put = (key: string, value: unknown, lease?: string) =>
    lease === undefined
      ? ({ type: 'put', key, value } as const)
      : ({ type: 'put', key, value, lease } as const);

  describe(`store contract: ${name}`, () => {
    test('an empty store is at revision 0 and has no keys', async (context) => {
      const { store } = await open(context);
      assert.equal(await store.revision(), 0);
      assert.equal(await store.get('a'), undefined);
      assert.deepEqual(await store.list(''), { revision: 0, entries: [] });
    });

    test('a key carries the revision that made it, the one that last wrote it, and its version', async (context) => {
      const { store } = await open(context);
      await store.commit({ operations: [put('a', 1)] });
      await store.commit({ operations: [put('b', 1)] });
      await store.commit({ operations: [put('a', { deep: ['x', null] })] });
      assert.deepEqual(await store.get('a'), {
        key: 'a',
        value: { deep: ['x', null] },
        createRevision: 1,
        modRevision: 3,
        version: 2,
      });
    });

    test('a key that is deleted and made again starts at version 1', async (context) => {
      const { store } = await open(context);
      await store.commit({ operations: [put('a', 1)] });
      await store.commit({ operations: [{ type: 'delete', key: 'a' }] });
      assert.equal(await store.get('a'), undefined);
      await store.commit({ operations: [put('a', 2)] });
      const entry = await store.get('a');
      assert.deepEqual([entry?.createRevision, entry?.version], [3, 1]);
    });

    test('operations of one commit share one revision', async (context) => {
      const { store } = await open(context);
      assert.deepEqual(await store.commit({ operations: [put('a', 1), put('b', 2)] }), {
        ok: true,
        revision: 1,
      });
      const { entries } = await store.list('');
      assert.deepEqual(
        entries.map((entry) => entry.modRevision),
        [1, 1],
      );
    });

    test('a commit that changes nothing makes no revision', async (context) => {
      const { store } = await open(context);
      await store.commit({ operations: [put('a', 1)] });
      assert.deepEqual(await store.commit({ operations: [{ type: 'delete', key: 'no such key' }] }), {
        ok: true,
        revision: 1,
      });
    });

    test('a commit whose compare does not hold writes nothing', async (context) => {
      const { store } = await open(context);
      await store.commit({ compares: [{ key: 'a', modRevision: 0 }], operations: [put('a', 1)] });
      const refused = await store.commit({
        compares: [{ key: 'a', modRevision: 0 }],
        operations: [put('a', 2), put('b', 2)],
      });
      assert.deepEqual(refused, { ok: false, revision: 1 });
      assert.equal((await store.get('a'))?.value, 1);
      assert.equal(await store.get('b'), undefined);
    });

    test('of commits that race for one key with the same compare, exactly one wins', async (context) => {
      const { store } = await open(context);
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          store.commit({ compares: [{ key: 'a', modRevision: 0 }], operations: [put('a', index)] }),
        ),
      );
      assert.equal(results.filter((result) => result.ok).length, 1);
      assert.equal(await store.revision(), 1);
    });

    test('a list has the keys under the prefix in order, and nothing else', async (context) => {
      const { store } = await open(context);
      for (const key of ['b/2', 'b/10', 'a', 'c', 'b/é', 'b/', 'b']) {
        await store.commit({ operations: [put(key, key)] });
      }
      const { entries, revision } = await store.list('b/');
      assert.equal(revision, 7);
      assert.deepEqual(
        entries.map((entry) => entry.key),
        ['b/', 'b/10', 'b/2', 'b/é'],
      );
    });

    test('a list at an older revision shows the keys as they were then', async (context) => {
      const { store } = await open(context);
      await store.commit({ operations: [put('k/a', 1), put('k/b', 1)] });
      await store.commit({ operations: [put('k/a', 2), { type: 'delete', key: 'k/b' }, put('other', 1)] });
      await store.commit({ operations: [put('k/c', 3)] });
      const then = await store.list('k/', { atRevision: 1 });
      assert.equal(then.revision, 1);
      assert.deepEqual(
        then.entries.map((entry) => [entry.key, entry.value, entry.modRevision]),
        [
          ['k/a', 1, 1],
          ['k/b', 1, 1],
        ],
      );
    });

    test('a watch reports each commit once, in order, only what lies under its prefix', async (context) => {
      const { store } = await open(context);
      const watch = store.watch('k/')[Symbol.asyncIterator]();
      await store.commit({ operations: [put('k/a', 1), put('other', 1), put('k/b', 1)] });
      await store.commit({ operations: [put('other', 2)] });
      await store.commit({ operations: [{ type: 'delete', key: 'k/a' }] });
      assert.deepEqual(summary(await next(watch)), [1, 'put k/a', 'put k/b']);
      assert.deepEqual(summary(await next(watch)), [3, 'delete k/a']);
      await watch.return?.();
    });

    test('a watch from an older revision replays it and goes on without a gap', async (context) => {
      const { store } = await open(context);
      for (const value of [1, 2, 3]) await store.commit({ operations: [put('a', value)] });
      const watch = store.watch('', { fromRevision: 2 })[Symbol.asyncIterator]();
      await store.commit({ operations: [put('a', 4)] });
      const seen = [await next(watch), await next(watch), await next(watch)];
      assert.deepEqual(
        seen.map((batch) => batch.revision),
        [2, 3, 4],
      );
      await watch.return?.();
    });

    test('every event carries what was there before', async (context) => {
      const { store } = await open(context);
      const watch = store.watch('')[Symbol.asyncIterator]();
      await store.commit({ operations: [put('a', 1)] });
      await store.commit({ operations: [put('a', 2)] });
      await store.commit({ operations: [{ type: 'delete', key: 'a' }] });
      const previous = [await next(watch), await next(watch), await next(watch)].map(
        (batch) => batch.events[0]?.previous?.value,
      );
      assert.deepEqual(previous, [undefined, 1, 2]);
      await watch.return?.();
    });

    test('a watch ends when its signal aborts, and when the store closes', async (context) => {
      const { store } = await open(context);
      const controller = new AbortController();
      const aborted = store.watch('', { signal: controller.signal })[Symbol.asyncIterator]();
      const closed = store.watch('')[Symbol.asyncIterator]();
      const ends = Promise.all([aborted.next(), closed.next()]);
      controller.abort();
      await store.close();
      assert.deepEqual(
        (await ends).map((end) => end.done),
        [true, true],
      );
    });

    test('a watch from a revision that is gone says so', async (context) => {
      const { store, compact } = await open(context);
      if (compact === undefined) return context.skip('cannot be told to compact');
      for (const value of [1, 2, 3]) await store.commit({ operations: [put('a', value)] });
      await compact();
      const watch = store.watch('', { fromRevision: 1 })[Symbol.asyncIterator]();
      await assert.rejects(watch.next(), CompactedError);
      await assert.rejects(store.list('', { atRevision: 1 }), CompactedError);
    });

    test('when a lease runs out its keys are deleted in one commit', async (context) => {
      const { store, elapse } = await open(context);
      const lease = await store.grant(1_000);
      await store.commit({ operations: [put('a', 1, lease), put('b', 1, lease), put('c', 1)] });
      assert.equal((await store.get('a'))?.lease, lease);
      const watch = store.watch('')[Symbol.asyncIterator]();
      await elapse(1_100);
      assert.deepEqual(summary(await next(watch)), [2, 'delete a', 'delete b']);
      assert.equal(await store.keepAlive(lease), false);
      await watch.return?.();
    });

    test('a lease that is kept alive keeps its keys', async (context) => {
      const { store, elapse } = await open(context);
      const lease = await store.grant(1_000);
      await store.commit({ operations: [put('a', 1, lease)] });
      await elapse(600);
      assert.equal(await store.keepAlive(lease), true);
      await elapse(600);
      assert.equal((await store.get('a'))?.value, 1);
    });

    test('a lease that is revoked takes its keys with it at once; revoking twice is fine', async (context) => {
      const { store } = await open(context);
      const lease = await store.grant(60_000);
      await store.commit({ operations: [put('a', 1, lease)] });
      await store.revoke(lease);
      await store.revoke(lease);
      assert.equal(await store.get('a'), undefined);
    });

    test('a key that was put again without the lease, or with another, outlives it', async (context) => {
      const { store } = await open(context);
      const [first, second] = [await store.grant(60_000), await store.grant(60_000)];
      await store.commit({ operations: [put('a', 1, first), put('b', 1, first)] });
      await store.commit({ operations: [put('a', 2), put('b', 2, second)] });
      await store.revoke(first);
      assert.equal((await store.get('a'))?.value, 2);
      assert.equal((await store.get('b'))?.lease, second);
    });

    test('a put with a lease that is gone is refused', async (context) => {
      const { store } = await open(context);
      const lease = await store.grant(60_000);
      await store.revoke(lease);
      await assert.rejects(store.commit({ operations: [put('a', 1, lease)] }), LeaseError);
      assert.equal(await store.get('a'), undefined);
    });
  });
}

async function next(watch: AsyncIterator<EventBatch>): Promise<EventBatch> {
  const item = await watch.next();
  assert.equal(item.done, false, 'the watch ended');
  return item.value as EventBatch;
}

function summary(batch: EventBatch): unknown[] {
  return [batch.revision, ...batch.events.map((event) => `${event.type} ${keyOf(event)}`)];
}
