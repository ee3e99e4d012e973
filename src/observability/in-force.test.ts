import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { policiesOf, SOURCES } from './fixtures.test.helper.js';
import { TelemetryPolicies } from './in-force.js';
import type { TelemetrySide } from './policy.js';

const FACTS = { trustDomain: 'cluster.local', revision: 3 };
const LOG: TelemetrySide = { accessLogging: [{ provider: '' }] };

test('a side of which nothing is said that changes anything is none', () => {
  const policies = policiesOf({
    client: { tracing: {}, metrics: [{ provider: '', overrides: [] }] },
    server: LOG,
  });
  assert.equal(policies.client, null);
  assert.deepEqual(policies.server, { tracing: null, metrics: null, accessLog: { on: true, filters: null } });
});

test('what is prepared is not in force before it is put there', () => {
  const policies = new TelemetryPolicies(SOURCES);
  const swap = policies.prepare({ client: {}, server: LOG }, FACTS);
  assert.equal(policies.server, null);
  swap();
  assert.notEqual(policies.server, null);
  policies.prepare(undefined, FACTS)();
  assert.equal(policies.server, null);
});

test('the same policy offered anew keeps what is in force, with what its labels have seen', () => {
  const policies = new TelemetryPolicies(SOURCES);
  policies.prepare({ client: LOG, server: LOG }, FACTS)();
  const { client } = policies;
  policies.prepare({ client: { ...LOG }, server: LOG }, { ...FACTS, revision: 4 })();
  assert.equal(policies.client, client);
  policies.prepare({ client: LOG, server: {} }, FACTS)();
  assert.notEqual(policies.client, client);
});

test('policy that cannot be used is refused with its revision, and what is in force stays', () => {
  const policies = policiesOf({ server: LOG });
  const before = policies.server;
  const broken: readonly TelemetrySide[] = [
    { accessLogging: [{ provider: '', filter: ')++++' }] },
    { tracing: { samplingPercent: 101 } },
    { tracing: { customTags: { a: { formatter: '%NOPE%' } } } },
  ];
  for (const client of broken)
    assert.throws(
      () => policies.prepare({ client, server: {} }, FACTS),
      (error) => {
        assert.ok(isMeshError(error, 'HEDDLE_INVALID_POLICY'));
        assert.equal(error.revision, 3);
        assert.match(error.message, /telemetry policy of revision 3 is refused: /);
        assert.ok(!error.message.includes('\n'));
        return true;
      },
    );
  assert.equal(policies.server, before);
});
