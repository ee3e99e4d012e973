import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { base, host, mesh, resource } from './fixtures.test.helper.js';
import { Replica } from './replica.js';
import { type Update, versionsOf } from './resources.js';

function update(revision: number, upsert: Update['upsert'], more: Partial<Update> = {}): Update {
  return { type: 'update', revision, upsert, remove: [], complete: true, ...more };
}

function hostsOf(taken: ReturnType<Replica['take']>): string[] {
  assert.equal(taken.kind, 'changed', JSON.stringify(taken));
  return taken.kind === 'changed' ? taken.policy.hosts.map((one) => one.host) : [];
}

const trusting = { bundleFault: () => null };

test('policy is made only when the service says that nothing is missing', () => {
  const replica = new Replica(trusting);
  assert.equal(replica.take(update(7, [base()[0]!], { complete: false })).kind, 'incomplete');
  assert.deepEqual(hostsOf(replica.take(update(7, [base()[1]!, resource('host/a', '1', host('a'))]))), ['a']);
});

test('an update changes what it names and keeps the very objects of the rest', () => {
  const replica = new Replica(trusting);
  const first = replica.take(
    update(1, [...base(), resource('host/a', '1', host('a')), resource('host/b', '1', host('b'))]),
  );
  const second = replica.take(update(2, [resource('host/c', '1', host('c'))], { remove: ['host/a'] }));
  assert.deepEqual(hostsOf(second), ['b', 'c']);
  assert.ok(first.kind === 'changed' && second.kind === 'changed');
  assert.equal(second.policy.hosts[0], first.policy.hosts[1]);
  assert.equal(second.policy.revision, 2);
});

test('the same revision with the same versions is no change', () => {
  const replica = new Replica(trusting);
  replica.take(update(1, base()));
  assert.equal(replica.take(update(1, [])).kind, 'unchanged');
  assert.equal(replica.take(update(2, [])).kind, 'changed');
});

test('a malformed resource refuses the update by name and field, and what was held stays', () => {
  const replica = new Replica(trusting);
  replica.take(update(1, [...base(), resource('host/a', '1', host('a'))]));
  const taken = replica.take(
    update(2, [resource('host/a', '2', { ...host('a'), ports: [{ number: 'x' }] })]),
  );
  assert.equal(taken.kind, 'refused');
  assert.match(taken.kind === 'refused' ? taken.because.join('\n') : '', /host\/a at ports\.0\.number: /);
  assert.equal(versionsOf(replica.held)['host/a'], '1');
});

test('an update that mends a refused one brings what came with the refused one too', () => {
  const replica = new Replica(trusting);
  replica.take(update(1, base()));
  const broken = [resource('host/a', '1', { host: 'a' }), resource('host/b', '1', host('b'))];
  assert.equal(replica.take(update(2, broken)).kind, 'refused');
  assert.deepEqual(hostsOf(replica.take(update(3, [resource('host/a', '2', host('a'))]))), ['a', 'b']);
});

test('after a reconnect what was not complete is forgotten, for it is sent again', () => {
  const replica = new Replica(trusting);
  replica.take(update(1, base()));
  replica.take(update(2, [resource('host/a', '1', host('a'))], { complete: false }));
  replica.reconnect();
  assert.deepEqual(hostsOf(replica.take(update(3, [resource('host/b', '1', host('b'))]))), ['b']);
});

test('what Telemetry says comes with the policy, and goes again', () => {
  const replica = new Replica(trusting);
  const telemetry = { client: {}, server: { accessLogging: [{ provider: '' }] } };
  const taken = replica.take(update(1, [...base(), resource('telemetry', '1', telemetry)]));
  assert.deepEqual(taken.kind === 'changed' && taken.policy.telemetry, telemetry);
  const without = replica.take(update(2, [], { remove: ['telemetry'] }));
  assert.equal(without.kind === 'changed' && 'telemetry' in without.policy, false);
  assert.equal(replica.take(update(3, [resource('telemetry', '2', { client: {} })])).kind, 'refused');
});

test('an update without mesh or inbound is refused', () => {
  const taken = new Replica(trusting).take(update(1, [resource('mesh', '1', mesh)]));
  assert.match(taken.kind === 'refused' ? taken.because.join() : '', /^inbound: /);
});

test('a resource about another host than its name says is refused', () => {
  const taken = new Replica(trusting).take(update(1, [...base(), resource('host/a', '1', host('b'))]));
  assert.deepEqual(taken.kind === 'refused' && taken.because, ['host/a at host: it says b']);
});

test('a trust bundle that may not be used refuses the update', () => {
  const replica = new Replica({ bundleFault: (bundle) => `not ${bundle.trustDomain}` });
  const bundle = resource('bundle', '1', { trustDomain: 'evil', roots: ['x'] });
  const taken = replica.take(update(1, [...base(), bundle]));
  assert.deepEqual(taken.kind === 'refused' && taken.because, ['not evil']);
});

test('kinds and fields of a newer service are let through', () => {
  const newer = [...base(), resource('weather/x', '1', 5), resource('host/a', '1', { ...host('a'), new: 1 })];
  assert.deepEqual(hostsOf(new Replica(trusting).take(update(1, newer))), ['a']);
});

test('whatever order updates come in, the replica holds what applying them one by one gives', () => {
  const name = fc.constantFrom('host/a', 'host/b', 'host/c', 'host/d');
  const step = fc.record({
    upsert: fc.uniqueArray(name),
    remove: fc.uniqueArray(name),
    complete: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const replica = new Replica(trusting);
      replica.take(update(1, base()));
      const model = new Set<string>();
      for (const [at, { upsert, remove, complete }] of steps.entries()) {
        for (const gone of remove) model.delete(gone);
        for (const come of upsert) model.add(come);
        const sent = upsert.map((one) => resource(one, String(at), host(one.slice(5))));
        replica.take(update(at + 2, sent, { remove, complete }));
      }
      const taken = replica.take(update(1_000, []));
      assert.deepEqual(hostsOf(taken), [...model].map((one) => one.slice(5)).sort());
    }),
  );
});
