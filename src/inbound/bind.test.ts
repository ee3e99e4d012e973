import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMeshError } from '../base/errors.js';
import { decideAuthorization } from '../security/authorize/decide.js';
import { bindInbound, InboundPolicy } from './bind.js';
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

test('who has a former name of the trust domain is who policy means by the new one', () => {
  const principals = { values: ['new.example/ns/a/sa/b'] };
  const rules = [{ from: [{ principals }] }];
  const inbound = inboundPolicy({
    authorization: [{ policy: 'default/who', action: 'ALLOW', dryRun: false, rules }],
  });
  const decide = (trustDomainAliases?: readonly string[]) => {
    const snapshot = bindInbound(inbound, { trustDomain: 'new.example', trustDomainAliases, revision: 1 });
    assert.deepEqual(snapshot.trustDomainAliases, trustDomainAliases ?? []);
    return decideAuthorization(snapshot.authorization, {
      protocol: 'tcp',
      method: '',
      authority: '',
      path: '',
      headers: {},
      principal: 'old.example/ns/a/sa/b',
      peerIp: '10.0.0.1',
      remoteIp: '10.0.0.1',
      port: 80,
      sni: null,
      claims: null,
    }).decision;
  };
  assert.equal(decide(), 'deny');
  assert.equal(decide(['old.example']), 'allow');
});

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
