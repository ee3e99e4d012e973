import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Resource } from 'heddle/policy';
import type { Entry } from '../store/store.js';
import { ResourceList } from './resource-list.js';

function entry(key: string, modRevision: number): Entry {
  const metadata = { namespace: 'default', name: key };
  const resource: Resource = { apiVersion: 'v1', kind: 'Service', metadata, spec: {} };
  return { key, modRevision, createRevision: 1, version: 1, value: { resource } } as unknown as Entry;
}

test('a resource is the same object until it is written again, and changes say what is different', () => {
  const list = new ResourceList();
  assert.equal(list.apply(new Map()), undefined);
  list.apply(
    new Map([
      ['b', entry('b', 1)],
      ['a', entry('a', 1)],
    ]),
  );
  const [a, b] = list.list;
  assert.deepEqual([a?.metadata.name, b?.metadata.name], ['a', 'b']);
  assert.equal(list.apply(new Map([['a', entry('a', 1)]])), undefined, 'the same revision is the same');
  const change = list.apply(
    new Map([
      ['a', entry('a', 2)],
      ['c', undefined],
    ]),
  );
  assert.deepEqual(change, { remove: [a], upsert: [list.list[0]] });
  assert.equal(list.list[0]?.metadata.resourceVersion, '2');
  assert.equal(list.list[1], b);
  assert.deepEqual(list.apply(new Map([['b', undefined]])), { remove: [b], upsert: [] });
});

test('whatever changes, few at once or many, the list holds what is there in the order of keys', () => {
  const changes = fc.array(
    fc.dictionary(fc.string({ maxLength: 2 }), fc.option(fc.nat(3)), { maxKeys: 100 }),
    {
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(changes, (rounds) => {
      const list = new ResourceList();
      const held = new Map<string, string>();
      for (const round of rounds) {
        for (const [key, revision] of Object.entries(round))
          if (revision === null) held.delete(key);
          else held.set(key, `${key} ${revision}`);
        const now = Object.entries(round).map(
          ([key, revision]) => [key, revision === null ? undefined : entry(key, revision)] as const,
        );
        list.apply(new Map(now));
        const expected = [...held].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, what]) => what);
        assert.deepEqual(
          list.list.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`),
          expected,
        );
      }
    }),
  );
});
