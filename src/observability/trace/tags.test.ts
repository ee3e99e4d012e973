import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SOURCES, START } from '../fixtures.test.helper.js';
import type { CustomTag, TracingPolicy } from '../policy.js';
import { compileTags, type TagFacts } from './tags.js';

const FACTS: TagFacts = {
  method: 'GET',
  scheme: 'http',
  authority: 'a',
  path: '/',
  headers: { 'x-user': 'ann', 'x-many': ['1', '2'], 'x-empty': '', 'x-long': 'l'.repeat(5_000) },
  protocol: 'HTTP/1.1',
  startedWall: START,
  upstreamHost: '10.0.0.7:80',
  hostname: 'h',
};

function tagsOf(policy: TracingPolicy): unknown {
  return compileTags(policy, SOURCES)?.of(() => FACTS, { 'x-a': 'told' }) ?? null;
}

const ROWS: readonly [what: string, tag: CustomTag, value: string | undefined][] = [
  ['a fixed one', { literal: 'prod' }, 'prod'],
  ['of the environment', { environment: 'REGION' }, 'eu'],
  ['of the environment, set, with a default', { environment: 'REGION', defaultValue: 'x' }, 'eu'],
  ['of the environment, not set', { environment: 'NONE' }, undefined],
  ['of the environment, not set, with a default', { environment: 'NONE', defaultValue: 'x' }, 'x'],
  ['of the environment, empty', { environment: 'EMPTY', defaultValue: 'x' }, ''],
  ['of our own token', { environment: 'HEDDLE_TOKEN' }, undefined],
  ['of our own token, with a default', { environment: 'HEDDLE_TOKEN', defaultValue: 'x' }, 'x'],
  ['of a header', { header: 'x-user' }, 'ann'],
  ['of a repeated header', { header: 'x-many' }, '1, 2'],
  ['of a header that is not there', { header: 'x-none' }, undefined],
  ['of a header that is not there, with a default', { header: 'x-none', defaultValue: 'x' }, 'x'],
  ['of an empty header', { header: 'x-empty', defaultValue: 'x' }, undefined],
  ['of a long header', { header: 'x-long' }, 'l'.repeat(1_024)],
  ['by a format', { formatter: 'by' }, 'by GET 10.0.0.7:80 told'],
];
for (const [what, tag, value] of ROWS)
  test(`a tag ${what}`, () => {
    const tags = tagsOf({ customTags: { t: tag } });
    assert.deepEqual(tags, value === undefined ? ('header' in tag ? {} : null) : { t: value });
  });

test("Istio's tags are there where policy asks for them, and a tag of the same name wins", () => {
  assert.deepEqual(tagsOf({ istioTags: true }), {
    'istio.canonical_service': 'reviews',
    'istio.canonical_revision': 'v2',
    'istio.mesh_id': 'cluster.local',
    'istio.namespace': 'shop',
  });
  const own = tagsOf({ istioTags: true, customTags: { 'istio.mesh_id': { literal: 'mine' } } });
  assert.equal((own as Record<string, string>)['istio.mesh_id'], 'mine');
  assert.equal(tagsOf({ istioTags: false }), null);
  assert.equal(tagsOf({}), null);
});

test('tags that are always the same ask nothing of the call', () => {
  const tags = compileTags({ customTags: { a: { literal: 'b' } } }, SOURCES)!;
  assert.deepEqual(
    tags.of(() => assert.fail('asked'), {}),
    { a: 'b' },
  );
});

test('a format with an operator that is not known is refused', () => {
  assert.throws(() => compileTags({ customTags: { a: { formatter: '%NOPE%' } } }, SOURCES), /%NOPE%/);
});
