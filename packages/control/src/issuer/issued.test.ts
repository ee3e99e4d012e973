import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { FakeClock, SpiffeId } from 'heddle/ports';
import { newKey, readCertificate } from 'heddle/security';
import { ISSUED_PREFIX } from '../keys.js';
import { testAuthority } from './authority.test.helper.js';
import { decideIssuance, readIssuancePolicy } from './issuance-policy.js';

const REVIEWS = SpiffeId.forServiceAccount('cluster.local', 'default', 'reviews');
const RATINGS = SpiffeId.forServiceAccount('cluster.local', 'prod', 'ratings');
const HOUR = 3_600_000;

test('every certificate has a number of its own and a record: for whom, for what, by whom asked, until when', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, issued } = await testAuthority(context, { clock });
  const key = createPublicKey(await newKey());
  const first = await authority.issue(key, REVIEWS, 'token:abc', { address: '10.0.0.7' });
  const renewed = await authority.issue(key, REVIEWS, `svid:${first.serial}`);
  await Promise.all(Array.from({ length: 50 }, () => authority.issue(key, RATINGS, 'token:def')));
  const all = await issued.list({ limit: 1_000 });
  assert.equal(new Set(all.map(({ serial }) => serial)).size, 52);
  assert.equal(readCertificate(new X509Certificate(first.chain[0]!).raw).serial, first.serial);
  assert.equal((await issued.list({ spiffeId: REVIEWS.toString(), limit: 10 })).length, 2);
  const record = await issued.find(renewed.serial);
  assert.deepEqual([record?.by, record?.origin], [`svid:${first.serial}`, 'token:abc']);
  assert.equal((await issued.find(first.serial))?.address, '10.0.0.7');
  assert.equal((await issued.list({ origin: 'token:abc', limit: 10 })).length, 2);
});

test('records go a day after their certificates have ended, also after a sleep of weeks', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, issued, store } = await testAuthority(context, { clock });
  const key = createPublicKey(await newKey());
  const count = async () => (await store.list(ISSUED_PREFIX)).entries.length;
  await issued.sweep();
  await authority.issue(key, REVIEWS, 'token:abc');
  clock.jumpWall(24 * HOUR);
  await authority.issue(key, REVIEWS, 'token:abc');
  await issued.sweep();
  assert.equal(await count(), 2);
  clock.jumpWall(3 * HOUR);
  await issued.sweep();
  assert.equal(await count(), 1);
  clock.jumpWall(21 * 24 * HOUR);
  await issued.sweep();
  assert.equal(await count(), 0);
});

test('the issuance policy says who may get what, for how long, with which proof and key', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority } = await testAuthority(context, { clock });
  const key = createPublicKey(await newKey());
  await authority.setPolicy(
    readIssuancePolicy({
      rules: [
        { ids: ['ns/prod/sa/*'], proofs: ['kubernetes'], ttlMs: 600_000, maxTtlMs: 1_200_000 },
        { ids: ['ns/*/sa/reviews'], keyTypes: ['ec-p384'] },
        { ids: ['ns/default/sa/r*s'] },
      ],
    }),
  );
  await assert.rejects(authority.issue(key, RATINGS, 'token:abc'), /takes no token as proof/);
  const now = clock.wallNow();
  const ttl = async (askedTtlMs?: number) =>
    (await authority.issue(key, RATINGS, 'kubernetes:prod/pod', { ttlMs: askedTtlMs })).notAfter - now;
  assert.deepEqual([await ttl(), await ttl(60_000), await ttl(9e9)], [600_000, 60_000, 1_200_000]);
  await assert.rejects(authority.issue(key, REVIEWS, 'token:abc'), /certifies no ec-p256 key/);
  const strong = createPublicKey(await newKey('ec-p384'));
  await authority.issue(strong, REVIEWS, 'token:abc');
  const stranger = SpiffeId.forServiceAccount('cluster.local', 'default', 'other');
  await assert.rejects(authority.issue(key, stranger, 'token:abc'), /no rule/);
  const verdict = decideIssuance(authority.policy, {
    ...{ id: SpiffeId.parse('spiffe://cluster.local/ns/default/sa/r-s'), origin: 'token:a', publicKey: key },
    ...{ askedTtlMs: undefined, defaultTtlMs: 1_000 },
  });
  assert.deepEqual(verdict, { kind: 'granted', ttlMs: 1_000 });
});

test('an issuance policy with a mistake is refused with its place', () => {
  const wrong = (value: unknown, pattern: RegExp) => assert.throws(() => readIssuancePolicy(value), pattern);
  wrong([], /not an object/);
  wrong({}, /rules is a list/);
  wrong({ rules: [], more: 1 }, /more is not known/);
  wrong({ rules: [{ ids: [] }] }, /rules\[0\]\.ids/);
  wrong({ rules: [{ ids: ['ns/a/../b?'] }] }, /rules\[0\]\.ids/);
  wrong({ rules: [{ ids: ['*'], ttl: 1 }] }, /rules\[0\]\.ttl is not known/);
  wrong({ rules: [{ ids: ['*'], ttlMs: 9e12 }] }, /rules\[0\]\.ttlMs/);
  wrong({ rules: [{ ids: ['*'], ttlMs: 2_000, maxTtlMs: 1_000 }] }, /less than ttlMs/);
  wrong({ rules: [{ ids: ['*'], keyTypes: ['dsa'] }] }, /keyTypes/);
});
