import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { MeshError } from '../../base/errors.js';
import { FakeClock, seededRandom } from '../../base/testing.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import type { TrustBundle } from '../../ports/identity.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { createRequest, parseRequest } from '../certificate/request.js';
import { type IssuedSvid, receiveSvid } from './receive.js';
import { RenewingIdentity } from './renewing.js';

/** Renewal that comes late, goes on after a restart, or overlaps with a change of trust. */

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
let root: Issuer;
let other: Issuer;

before(async () => {
  const make = async () =>
    new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 3650 * DAY, wallNow: START }));
  [root, other] = [await make(), await make()];
});

function answer(request: Buffer, wallNow: number, issuer = root): IssuedSvid {
  const leaf = issueCertificate({
    issuer,
    publicKey: parseRequest(request).publicKey,
    spiffeId: SpiffeId.parse('spiffe://td/a'),
    notBefore: wallNow,
    notAfter: wallNow + DAY,
  });
  return { chain: [leaf], roots: [issuer.certificate], trustDomain: 'td' };
}

async function saved() {
  const key = await newKey();
  return receiveSvid(answer(createRequest({ key }), START), key, START);
}

/** An identity of before, its authority, and what was told. `ageMs`: of the SVID, when the process starts again. */
async function resumed(ageMs: number) {
  const clock = new FakeClock(START + ageMs);
  const told: [stage: string, hours: number][] = [];
  const authority = {
    asked: 0,
    answer: (request: Buffer): IssuedSvid | Promise<IssuedSvid> => answer(request, clock.wallNow()),
  };
  const present = await saved();
  const identity = RenewingIdentity.resume(
    {
      clock,
      random: seededRandom(1),
      issue: async (request) => {
        authority.asked += 1;
        return authority.answer(request);
      },
      onOverdue: (stage, status) => {
        assert.equal(status.overdue, stage);
        told.push([stage, Math.round((clock.wallNow() - START) / 3_600_000)]);
      },
    },
    present,
  );
  return { clock, told, authority, identity, present };
}

const away = () => Promise.reject(new MeshError('away', { code: 'HEDDLE_CONNECT_FAILED' }));

test('while renewal fails each stage is told of once, when it begins: half, three quarters, the end', async () => {
  const { clock, told, authority, identity, present } = await resumed(0);
  authority.answer = away;
  await clock.advanceAsync(DAY * 0.48);
  assert.deepEqual([told, identity.status().overdue], [[], null]);
  await clock.advanceAsync(DAY * 0.04);
  assert.deepEqual(told, [['half', 12]]);
  await clock.advanceAsync(DAY * 0.6);
  assert.deepEqual(told, [
    ['half', 12],
    ['three-quarters', 18],
    ['expired', 24],
  ]);
  assert.equal(identity.status().state, 'expired');
  // Nobody but peers may say no: the old one stays, and is what is shown.
  assert.equal(identity.svid.current(), present.svid);
  await identity.close();
  assert.equal(clock.pending, 0);
});

test('after a success the stages are told of anew', async () => {
  const { clock, told, authority, identity } = await resumed(0);
  authority.answer = away;
  await clock.advanceAsync(DAY * 0.55);
  authority.answer = (request) => answer(request, clock.wallNow());
  await clock.advanceAsync(60_000);
  assert.equal(identity.status().overdue, null);
  authority.answer = away;
  await clock.advanceAsync(DAY * 0.6);
  assert.deepEqual(
    told.map(([stage]) => stage),
    ['half', 'half'],
  );
  await identity.close();
});

test('an SVID of before is shown as it is, and renewed in its time', async () => {
  const { clock, authority, identity, present } = await resumed(DAY * 0.2);
  assert.equal(identity.svid.current(), present.svid);
  assert.equal(identity.status().fromState, true);
  await clock.advanceAsync(DAY * 0.25);
  assert.deepEqual([authority.asked, identity.status().fromState], [0, true]);
  await clock.advanceAsync(DAY * 0.1);
  assert.deepEqual([authority.asked, identity.status().fromState], [1, false]);
  assert.notEqual(identity.svid.current(), present.svid);
  await identity.close();
});

test('one that is past its half is renewed within a second, and one that is past three quarters says so if that fails', async () => {
  const late = await resumed(DAY * 0.6);
  await late.clock.advanceAsync(1_000);
  assert.equal(late.authority.asked, 1);
  assert.equal(late.identity.status().fromState, false);
  await late.identity.close();
  const later = await resumed(DAY * 0.8);
  later.authority.answer = away;
  await later.clock.advanceAsync(1_000);
  assert.deepEqual(later.told, [['three-quarters', 19]]);
  await later.identity.close();
});

for (const [what, bundle] of [
  ['a root that was withdrawn', () => ({ trustDomain: 'td', roots: [other.certificate] })],
  [
    'somebody who was denied',
    () => ({
      trustDomain: 'td',
      roots: [root.certificate],
      denied: { serials: [], ids: ['spiffe://td/evil'], keys: [] },
    }),
  ],
] as [string, () => TrustBundle][]) {
  test(`an answer that is on its way does not bring back ${what} meanwhile`, async () => {
    const { clock, authority, identity, present } = await resumed(0);
    let send = () => {};
    authority.answer = (request) =>
      new Promise((resolve) => {
        send = () => resolve(answer(request, clock.wallNow()));
      });
    await clock.advanceAsync(identity.status().renewAt - clock.wallNow());
    assert.equal(authority.asked, 1);
    identity.trust(bundle());
    const announced = identity.bundle.current();
    send();
    await clock.advanceAsync(0);
    assert.notEqual(identity.svid.current(), present.svid);
    assert.equal(identity.bundle.current(), announced);
    await identity.close();
  });
}

test('a chain that does not hold is never shown to anybody, and the one before stays until one does', async () => {
  const { clock, authority, identity, present } = await resumed(0);
  const shown: string[] = [];
  identity.svid.subscribe((svid) => shown.push(svid.chain.join('')));
  authority.answer = (request) => ({
    ...answer(request, clock.wallNow(), other),
    roots: [root.certificate],
  });
  await clock.advanceAsync(DAY * 0.55);
  assert.deepEqual(shown, []);
  assert.equal(identity.svid.current(), present.svid);
  authority.answer = (request) => answer(request, clock.wallNow());
  await clock.advanceAsync(60_000);
  assert.equal(shown.length, 1);
  await identity.close();
});
