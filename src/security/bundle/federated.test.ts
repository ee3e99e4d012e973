import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { createRoot } from '../certificate/issue.js';
import { sameBundle, trustBundle } from './bundle.js';
import { checkedBundle, rootsFor, withFederated } from './federated.js';

let roots: string[];

before(async () => {
  roots = [];
  for (let index = 0; index < 3; index += 1) {
    const made = await createRoot({ trustDomain: 'td', lifetimeMs: 1e9, wallNow: Date.UTC(2026, 0, 1) });
    roots.push(made.certificate);
  }
});

test('foreign bundles stand beside ours and speak for their own trust domain only', () => {
  const ours = trustBundle('td', [roots[0]!]);
  const bundle = withFederated(ours, [{ trustDomain: 'Other', roots: [roots[1]!] }]);
  assert.deepEqual(bundle, { ...ours, federated: [{ trustDomain: 'other', roots: [roots[1]] }] });
  assert.deepEqual(rootsFor(bundle, 'td'), [roots[0]]);
  assert.deepEqual(rootsFor(bundle, 'other'), [roots[1]]);
  assert.equal(rootsFor(bundle, 'third'), undefined);
  assert.deepEqual(withFederated(bundle, []), ours);
  assert.ok(!sameBundle(ours, bundle));
  assert.ok(sameBundle(bundle, withFederated(ours, [{ trustDomain: 'other', roots: [roots[1]!] }])));
  assert.ok(!sameBundle(bundle, withFederated(ours, [{ trustDomain: 'other', roots: [roots[2]!] }])));
  assert.ok(!sameBundle(bundle, withFederated(ours, [{ trustDomain: 'third', roots: [roots[1]!] }])));
});

test('our own trust domain is never a foreign one, and a foreign one has one bundle', () => {
  const ours = trustBundle('td', [roots[0]!]);
  const other = { trustDomain: 'other', roots: [roots[1]!] };
  assert.throws(() => withFederated(ours, [{ ...other, trustDomain: 'TD' }]), /our own trust domain/);
  assert.throws(() => withFederated(ours, [other, { ...other, trustDomain: 'OTHER' }]), /two bundles/);
  assert.throws(() => withFederated(ours, [{ ...other, roots: [] }]), /no root certificate/);
  const many = Array.from({ length: 257 }, (_, index) => ({ ...other, trustDomain: `td${index}` }));
  assert.throws(() => withFederated(ours, many), /at most 256/);
});

test('a bundle from elsewhere keeps who is denied and who is federated, once all is checked', () => {
  const denied = { serials: ['01'], ids: [], keys: [] };
  const federated = [{ trustDomain: 'other', roots: [roots[1]!] }];
  const bundle = { trustDomain: 'td', roots: [roots[0]!], denied, federated };
  assert.deepEqual(checkedBundle(bundle), bundle);
  const wrong = [{ trustDomain: 'other', roots: ['none'] }];
  assert.throws(() => checkedBundle({ ...bundle, federated: wrong }), /no root certificate/);
});
