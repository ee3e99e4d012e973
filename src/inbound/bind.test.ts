import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { InboundPolicy } from './bind.js';
import { denyPaths, inboundPolicy } from './fixtures.test.js';

const context = { trustDomain: 'cluster.local', revision: 1 };
/** A rule of a kind that this version does not know. */
const unknown = [
  {
    policy: 'default/new',
    action: 'DENY' as const,
    dryRun: false,
    rules: [{ when: [{ key: 'moon.phase', values: ['full'] }] }],
  },
];

test('there is no policy until the first is accepted, and each one replaces the one before as a whole', () => {
  const policy = new InboundPolicy();
  assert.equal(policy.current(), null);
  const revisions: (number | undefined)[] = [];
  const stop = policy.subscribe((snapshot) => revisions.push(snapshot?.revision));
  policy.accept(inboundPolicy(), context);
  const first = policy.current();
  policy.accept(inboundPolicy({ authorization: denyPaths('/a') }), { ...context, revision: 2 });
  stop();
  assert.deepEqual(revisions, [1, 2]);
  assert.notEqual(policy.current(), first);
  assert.equal(first?.inbound.authorization.length, 0);
  assert.equal(Object.isFrozen(first), true);
});

test('a policy with a rule that cannot be understood is refused as a whole, and the good one stays', () => {
  const policy = new InboundPolicy();
  policy.accept(inboundPolicy(), context);
  const good = policy.current();
  const refused = () => policy.accept(inboundPolicy({ authorization: unknown }), { ...context, revision: 2 });
  assert.throws(
    refused,
    (error) => isMeshError(error, 'HEDDLE_INVALID_POLICY') && /moon\.phase/.test(error.message),
  );
  assert.equal(policy.current(), good);
});
