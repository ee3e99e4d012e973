import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { isMeshError, MeshError } from '../../base/errors.js';
import { FakeClock, seededRandom } from '../../base/testing.js';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, Issuer, issueCertificate } from '../certificate/issue.js';
import { newKey } from '../certificate/keys.js';
import { createRequest, parseRequest } from '../certificate/request.js';
import type { IssuedSvid } from './receive.js';
import { RenewingIdentity, type RenewingIdentityOptions } from './renewing.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
const ID = 'spiffe://td/ns/a/sa/b';
let root: Issuer;
let other: Issuer;

before(async () => {
  root = new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 3650 * DAY, wallNow: START }));
  other = new Issuer(await createRoot({ trustDomain: 'td', lifetimeMs: 3650 * DAY, wallNow: START }));
});

function answer(clock: FakeClock, request: Buffer, lifetimeMs = DAY, issuer = root): IssuedSvid {
  const leaf = issueCertificate({
    issuer,
    publicKey: parseRequest(request).publicKey,
    spiffeId: SpiffeId.parse(ID),
    notBefore: clock.wallNow(),
    notAfter: clock.wallNow() + lifetimeMs,
  });
  return { chain: [leaf], roots: [issuer.certificate], trustDomain: 'td', spiffeId: ID };
}

/** An authority that a test can break. */
class Authority {
  readonly clock = new FakeClock(START);
  readonly failures: unknown[] = [];
  asked: number[] = [];
  next: (request: Buffer) => IssuedSvid | Promise<IssuedSvid> = (request) => answer(this.clock, request);

  options(more: Partial<RenewingIdentityOptions> = {}): RenewingIdentityOptions {
    return {
      clock: this.clock,
      random: seededRandom(1),
      issue: async (request) => {
        this.asked.push(this.clock.now());
        return this.next(request);
      },
      onFailure: (error) => this.failures.push(error),
      ...more,
    };
  }
}

test('the first SVID is there when start resolves, and the key of each renewal is a new one', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options());
  const first = identity.svid.current();
  assert.equal(first.id.toString(), ID);
  assert.equal(first.notAfter, START + DAY);
  assert.equal(identity.status().state, 'valid');
  const seen: number[] = [];
  identity.svid.subscribe((svid) => seen.push(svid.notAfter));
  await authority.clock.advanceAsync(DAY * 0.52);
  assert.equal(seen.length, 1);
  assert.equal(identity.svid.current().key.equals(first.key), false);
  await identity.close();
  assert.equal(authority.clock.pending, 0);
});

test('renewal comes at half of the life give or take 1 %, for every draw', async () => {
  for (const draw of [0, 0.25, 0.5, 0.75, 0.999_999]) {
    const authority = new Authority();
    const identity = await RenewingIdentity.start(authority.options({ random: { next: () => draw } }));
    const { renewAt } = identity.status();
    assert.ok(renewAt >= START + DAY * 0.49 && renewAt <= START + DAY * 0.51, `${renewAt - START}`);
    await authority.clock.advanceAsync(renewAt - START - 1);
    assert.equal(authority.asked.length, 1);
    await authority.clock.advanceAsync(1);
    assert.equal(authority.asked.length, 2);
    await identity.close();
  }
});

test('a life of 90 days, whose half no timer can wait for, is renewed once, at its half', async () => {
  const authority = new Authority();
  authority.next = (request) => answer(authority.clock, request, 90 * DAY);
  const identity = await RenewingIdentity.start(authority.options({ random: { next: () => 0.5 } }));
  await authority.clock.advanceAsync(45 * DAY - 1);
  assert.equal(authority.asked.length, 1);
  await authority.clock.advanceAsync(1);
  assert.equal(authority.asked.length, 2);
  await identity.close();
});

test('a wall clock that jumps past the half is noticed within 15 minutes', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options());
  authority.clock.jumpWall(DAY * 0.6);
  await authority.clock.advanceAsync(15 * 60_000);
  assert.equal(authority.asked.length, 2);
  await identity.close();
});

test('while renewal fails the old SVID stays, attempts are spaced by backoff, and success ends it', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(
    authority.options({ random: { next: () => 0.5 }, retry: { baseDelayMs: 1_000, maxDelayMs: 8_000 } }),
  );
  const first = identity.svid.current();
  authority.next = () => {
    throw new MeshError('away', { code: 'HEDDLE_CONNECT_FAILED' });
  };
  authority.asked = [];
  await authority.clock.advanceAsync(DAY / 2 + 20_000);
  const gaps = authority.asked.slice(1).map((at, index) => at - authority.asked[index]!);
  assert.deepEqual(gaps.slice(0, 6), [500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  assert.equal(identity.svid.current(), first);
  assert.equal(identity.status().failures, authority.failures.length);
  assert.ok(isMeshError(identity.status().lastFailure, 'HEDDLE_CONNECT_FAILED'));
  authority.next = (request) => answer(authority.clock, request);
  await authority.clock.advanceAsync(4_000);
  assert.notEqual(identity.svid.current(), first);
  assert.equal(identity.status().failures, 0);
  await identity.close();
});

test('an SVID that ran out is still renewed, and the status says so until then', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options());
  authority.next = () => Promise.reject(new Error('away'));
  await authority.clock.advanceAsync(DAY + 60_000);
  assert.equal(identity.status().state, 'expired');
  authority.next = (request) => answer(authority.clock, request);
  await authority.clock.advanceAsync(60_000);
  assert.equal(identity.status().state, 'valid');
  await identity.close();
});

const wrongAnswers: readonly (readonly [
  what: string,
  make: (authority: Authority, request: Buffer) => IssuedSvid | Promise<IssuedSvid>,
  because: RegExp,
])[] = [
  ['no certificate', () => ({ chain: [], roots: [root.certificate] }), /no certificate/],
  [
    'a certificate for another key',
    async ({ clock }) => answer(clock, createRequest({ key: await newKey() })),
    /for another key/,
  ],
  [
    'roots that did not sign it',
    ({ clock }, request) => ({ ...answer(clock, request), roots: [other.certificate] }),
    /trusted root/,
  ],
  ['an expired one', ({ clock }, request) => expired(clock, request), /expired/],
  [
    'one that is not valid yet',
    ({ clock }, request) => {
      const ahead = new FakeClock(clock.wallNow() + HOUR);
      return answer(ahead, request);
    },
    /not valid before/,
  ],
  [
    'another identity than it says',
    ({ clock }, request) => ({ ...answer(clock, request), spiffeId: 'spiffe://td/ns/a/sa/c' }),
    /and not spiffe:\/\/td\/ns\/a\/sa\/c/,
  ],
  [
    'roots of another trust domain',
    ({ clock }, request) => ({ ...answer(clock, request), trustDomain: 'elsewhere' }),
    /those of elsewhere/,
  ],
  [
    "an authority's certificate",
    () => ({ chain: [root.certificate], roots: [root.certificate] }),
    /authority/,
  ],
  ['text that is no certificate', () => ({ chain: ['hello'], roots: ['hello'] }), /no certificate/],
];

function expired(clock: FakeClock, request: Buffer): IssuedSvid {
  const behind = new FakeClock(clock.wallNow() - DAY - HOUR);
  return answer(behind, request);
}

for (const [what, make, because] of wrongAnswers) {
  test(`an answer with ${what} is refused, and the old SVID and roots stay`, async () => {
    const authority = new Authority();
    const identity = await RenewingIdentity.start(authority.options({ random: { next: () => 0.5 } }));
    const [svid, bundle] = [identity.svid.current(), identity.bundle.current()];
    authority.next = (request) => make(authority, request);
    await authority.clock.advanceAsync(DAY / 2);
    assert.equal(authority.failures.length, 1);
    assert.ok(isMeshError(authority.failures[0], 'HEDDLE_IDENTITY_UNAVAILABLE'));
    assert.match(String(authority.failures[0]), because);
    assert.equal(identity.svid.current(), svid);
    assert.equal(identity.bundle.current(), bundle);
    await identity.close();
  });
}

test('once an SVID has run out an authority that is back is found within seconds', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options({ random: { next: () => 0.999 } }));
  authority.next = () => Promise.reject(new Error('away'));
  await authority.clock.advanceAsync(DAY + 60_000);
  authority.next = (request) => answer(authority.clock, request);
  await authority.clock.advanceAsync(5_000);
  assert.equal(identity.status().state, 'valid');
  await identity.close();
});

test('new roots that come with a renewal are told before the new SVID', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options());
  const order: string[] = [];
  identity.bundle.subscribe((bundle) => order.push(`roots ${bundle.roots.length}`));
  identity.svid.subscribe(() => order.push('svid'));
  authority.next = (request) => ({
    ...answer(authority.clock, request),
    roots: [root.certificate, other.certificate],
  });
  await authority.clock.advanceAsync(DAY * 0.52);
  assert.deepEqual(order, ['roots 2', 'svid']);
  await identity.close();
});

test('announced roots replace the present ones; the same again are not told; foreign ones are refused', async () => {
  const authority = new Authority();
  const identity = await RenewingIdentity.start(authority.options());
  let told = 0;
  identity.bundle.subscribe(() => {
    told += 1;
  });
  const both = { trustDomain: 'td', roots: [root.certificate, other.certificate] };
  identity.trust(both);
  identity.trust({ ...both, roots: [other.certificate, root.certificate] });
  assert.equal(told, 1);
  assert.throws(() => identity.trust({ ...both, trustDomain: 'x' }), /expected td/);
  assert.throws(() => identity.trust({ ...both, roots: [] }), /no root/);
  assert.equal(identity.bundle.current().roots.length, 2);
  await identity.close();
});

test('start tries again until the authority answers', async () => {
  const authority = new Authority();
  authority.next = () => Promise.reject(new Error('away'));
  const starting = RenewingIdentity.start(authority.options());
  await authority.clock.advanceAsync(5_000);
  authority.next = (request) => answer(authority.clock, request);
  await authority.clock.advanceAsync(60_000);
  const identity = await starting;
  assert.ok(authority.failures.length > 0);
  await identity.close();
});

test('start ends with HEDDLE_IDENTITY_UNAVAILABLE and the last failure when it is aborted', async () => {
  const authority = new Authority();
  const away = new Error('away');
  authority.next = () => Promise.reject(away);
  const abort = new AbortController();
  const starting = RenewingIdentity.start(authority.options({ signal: abort.signal }));
  const ended = assert.rejects(
    starting,
    (error) => isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE') && error.cause === away,
  );
  await authority.clock.advanceAsync(3_000);
  abort.abort();
  await ended;
  assert.equal(authority.clock.pending, 0);
});

test('start ends at once when the authority denies', async () => {
  const authority = new Authority();
  authority.next = () => Promise.reject(new MeshError('no such token', { code: 'HEDDLE_DENIED' }));
  await assert.rejects(RenewingIdentity.start(authority.options()), /HEDDLE_DENIED/);
  assert.equal(authority.asked.length, 1);
});

test('an SVID that is past its half when it arrives does not make a busy loop', async () => {
  const authority = new Authority();
  authority.next = (request) => {
    const behind = new FakeClock(authority.clock.wallNow() - 9_000);
    return answer(behind, request, 10_000);
  };
  const identity = await RenewingIdentity.start(authority.options());
  await authority.clock.advanceAsync(10_000);
  assert.ok(authority.asked.length <= 12, `${authority.asked.length}`);
  await identity.close();
});

test('close stops a renewal under way and tells its issuer so', async () => {
  const authority = new Authority();
  let told = false;
  const options = authority.options();
  let calls = 0;
  const identity = await RenewingIdentity.start({
    ...options,
    issue: (request, signal) => {
      calls += 1;
      if (calls === 1) return options.issue(request, signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told = true;
          reject(signal.reason);
        });
      });
    },
  });
  await authority.clock.advanceAsync(DAY * 0.52);
  await identity.close();
  assert.equal(told, true);
  assert.equal(authority.clock.pending, 0);
});

test('an authority that never answers is given up after the time for one attempt, and asked again', async () => {
  const authority = new Authority();
  const options = authority.options({ random: { next: () => 0.5 }, issueTimeoutMs: 5_000 });
  const identity = await RenewingIdentity.start(options);
  authority.next = () => new Promise(() => {});
  await authority.clock.advanceAsync(DAY / 2 + 5_000);
  assert.ok(isMeshError(authority.failures[0], 'HEDDLE_DEADLINE_EXCEEDED'));
  authority.next = (request) => answer(authority.clock, request);
  await authority.clock.advanceAsync(60_000);
  assert.equal(identity.status().failures, 0);
  await identity.close();
  assert.equal(authority.clock.pending, 0);
});
