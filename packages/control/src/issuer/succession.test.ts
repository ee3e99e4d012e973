import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeClock, SpiffeId } from 'heddle/ports';
import { chainFault, fingerprint, makeIntermediate, makeRoot, newKey } from 'heddle/security';
import { dataDirectory } from '../server.test.client.js';
import { testAuthority } from './authority.test.helper.js';
import { readBrought } from './material.js';

const ID = SpiffeId.forServiceAccount('cluster.local', 'default', 'reviews');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

async function publicKey() {
  return createPublicKey(await newKey());
}

/** OpenSSL's opinion: does `chain` lead to `roots` at the time of `clock`? */
function opensslVerifies(
  folder: string,
  chain: readonly string[],
  roots: readonly string[],
  at: number,
): boolean {
  const [leaf, ...others] = chain;
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const args = ['verify', '-x509_strict', '-attime', String(Math.floor(at / 1_000)), '-purpose', 'sslserver'];
  args.push('-CAfile', file('roots.pem', roots.join('')));
  if (others.length > 0) args.push('-untrusted', file('others.pem', others.join('')));
  try {
    execFileSync('openssl', [...args, file('leaf.pem', leaf!)], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

test('an SVID is signed by an intermediate, comes with it, and leads to the root, as openssl sees it too', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority } = await testAuthority(context, { clock });
  const folder = dataDirectory(context);
  const { chain, roots } = await authority.issue(await publicKey(), ID, 'token:a');
  assert.equal(chain.length, 2);
  assert.equal(roots.length, 1);
  assert.ok(opensslVerifies(folder, chain, roots, clock.wallNow()));
  assert.ok(!opensslVerifies(folder, chain.slice(0, 1), roots, clock.wallNow()));
  const text = execFileSync('openssl', ['x509', '-text', '-noout'], { input: chain[0]! }).toString();
  assert.match(text, /URI:spiffe:\/\/cluster\.local\/ns\/default\/sa\/reviews/);
  assert.match(text, /X509v3 Authority Key Identifier/);
  assert.match(text, /ecdsa-with-SHA256/);
});

test('an intermediate is replaced at half its life, and what the last one signed stays good', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, succession } = await testAuthority(context, { clock });
  const before = await authority.issue(await publicKey(), ID, 'token:a');
  clock.jumpWall(14 * DAY);
  await succession.look();
  assert.deepEqual(authority.chain, before.chain.slice(1), 'not yet');
  clock.jumpWall(DAY + HOUR);
  await succession.look();
  const after = await authority.issue(await publicKey(), ID, 'token:a');
  assert.notDeepEqual(after.chain.slice(1), before.chain.slice(1));
  assert.deepEqual(after.roots, before.roots);
  assert.equal(chainFault(after.chain, after.roots, clock.wallNow()), null);
  await succession.look();
  assert.deepEqual(authority.chain, after.chain.slice(1), 'once is enough');
});

test('a new root signs when nobody lags behind, and the old one leaves when its last certificate has ended', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, succession, lagging, files, log } = await testAuthority(context, { clock });
  const folder = dataDirectory(context);
  const old = await authority.issue(await publicKey(), ID, 'token:a');
  lagging.push('default/reviews-1');
  const root = await succession.rotateRoot({ author: 'somebody' });
  await succession.look();
  assert.equal(authority.bundle.current().roots.length, 2, 'the new one is announced');
  assert.equal(authority.pin, fingerprint(old.roots[0]!));
  assert.deepEqual(
    (await authority.issue(await publicKey(), ID, 'token:a')).chain.slice(1),
    old.chain.slice(1),
  );
  await assert.rejects(succession.rotateRoot({ author: 'somebody' }), /announced and does not sign yet/);

  lagging.pop();
  await succession.look();
  assert.equal(authority.pin, root.fingerprint, 'it signs');
  const next = await authority.issue(await publicKey(), ID, 'token:a');
  const now = clock.wallNow();
  const fresh = authority.state.roots.find(({ phase }) => phase === 'signing')!;
  assert.ok(opensslVerifies(folder, next.chain, [fresh.certificate], now));
  assert.ok(!opensslVerifies(folder, next.chain, old.roots, now));
  assert.ok(opensslVerifies(folder, [...next.chain, ...authority.vouchers], old.roots, now), 'vouched for');

  clock.jumpWall(HOUR - 1_000);
  await succession.look();
  assert.equal(authority.roots.length, 2, 'the last certificate has not ended');
  clock.jumpWall(62_000);
  await succession.look();
  assert.deepEqual(authority.roots, [fresh.certificate]);
  assert.equal(authority.bundle.current().denied, undefined);
  assert.ok(!files.has('root', fingerprint(old.roots[0]!)), 'its key is gone');
  const events = log.map(({ event }) => event);
  assert.deepEqual(events, ['ca.root-announced', 'ca.root-signs', 'ca.root-retired']);
});

test('a workload that says nothing holds a new root up for the time that was given, and no longer', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, succession, lagging } = await testAuthority(context, { clock });
  lagging.push('default/old-sdk');
  const { fingerprint: next } = await succession.rotateRoot({ author: 'somebody', waitMs: 60_000 });
  clock.jumpWall(59_000);
  await succession.look();
  assert.notEqual(authority.pin, next);
  clock.jumpWall(1_000);
  await succession.look();
  assert.equal(authority.pin, next);
});

test('a root that is retired while certificates below it live is denied by its keys; one that signs cannot be', async (context) => {
  const clock = new FakeClock(Date.now());
  const { authority, succession } = await testAuthority(context, { clock });
  const first = authority.pin;
  await authority.issue(await publicKey(), ID, 'token:a');
  await assert.rejects(succession.retire(first.slice(0, 12), 'somebody'), /signs; rotate it first/);
  await assert.rejects(succession.retire('00000000', 'somebody'), /0 roots begin with/);
  const { keyId } = authority.state.intermediates[0]!;
  await succession.rotateRoot({ author: 'somebody', waitMs: 0 });
  await succession.look();
  await succession.retire(first.slice(0, 12), 'somebody');
  const { roots, denied } = authority.bundle.current();
  assert.equal(roots.length, 1);
  assert.ok(denied?.keys.includes(keyId));
  clock.jumpWall(HOUR + 1_000);
  await succession.look();
  assert.equal(authority.bundle.current().denied, undefined);
});

test('with a root whose key is elsewhere, intermediates are brought, and a new root too', async (context) => {
  const clock = new FakeClock(Date.now());
  const wish = { trustDomain: 'cluster.local', keyType: 'ec-p384', wallNow: clock.wallNow() } as const;
  const root = await makeRoot(wish);
  const lifetimeMs = 30 * DAY;
  const bring = async () => {
    const pair = await makeIntermediate({ ...wish, root, lifetimeMs, keyType: 'rsa-2048' });
    return `${pair.key.export({ type: 'pkcs8', format: 'pem' })}${pair.certificate}${root.certificate}`;
  };
  const caFile = join(dataDirectory(context), 'ca.pem');
  writeFileSync(caFile, await bring(), { mode: 0o644 });
  await assert.rejects(testAuthority(context, { clock, caFile }), /mode must be 0600/);
  const good = join(dataDirectory(context), 'ca.pem');
  writeFileSync(good, await bring(), { mode: 0o600 });
  const { authority, succession, files, log } = await testAuthority(context, { clock, caFile: good });
  assert.equal(authority.pin, fingerprint(root.certificate));
  assert.ok(!files.has('root', authority.pin));
  const { chain, roots } = await authority.issue(await publicKey(), ID, 'token:a');
  assert.ok(opensslVerifies(dataDirectory(context), chain, roots, clock.wallNow()));
  await assert.rejects(succession.rotateIntermediate('somebody'), /key of the root is not here/);
  clock.jumpWall(15 * DAY);
  await succession.look();
  assert.deepEqual(
    log.map(({ event }) => event),
    ['ca.intermediate-ends'],
  );
  const options = { trustDomain: 'cluster.local', known: authority.roots, wallNow: clock.wallNow() };
  await succession.rotateIntermediate('somebody', readBrought(await bring(), options));
  assert.notDeepEqual(authority.chain, chain.slice(1));

  const other = await makeRoot(wish);
  const pem = `${other.key.export({ type: 'pkcs8', format: 'pem' })}${other.certificate}`;
  await succession.rotateRoot({ author: 'somebody', brought: readBrought(pem, options) });
  await succession.look();
  assert.equal(authority.pin, fingerprint(other.certificate));
});

test('what is brought is refused if it is weak, not an authority, of another mesh, or leads nowhere', async () => {
  const wallNow = Date.now();
  const wish = { trustDomain: 'cluster.local', keyType: 'ec-p256', wallNow } as const;
  const [root, other] = [await makeRoot(wish), await makeRoot(wish)];
  const pem = ({ key }: { key: typeof root.key }) => String(key.export({ type: 'pkcs8', format: 'pem' }));
  const refused = (text: string, pattern: RegExp) =>
    assert.throws(() => readBrought(text, { trustDomain: 'cluster.local', known: [], wallNow }), pattern);
  refused('', /no certificate/);
  refused(root.certificate, /exactly one private key/);
  refused(pem(other) + root.certificate, /does not belong/);
  const foreign = await makeRoot({ ...wish, trustDomain: 'other.example' });
  refused(pem(foreign) + foreign.certificate, /another trust domain/);
  const pair = await makeIntermediate({ ...wish, root, lifetimeMs: DAY });
  refused(pem(pair) + pair.certificate, /does not lead to a root/);
  refused(pem(pair) + pair.certificate + other.certificate, /does not lead to a root/);
  const { intermediate } = readBrought(pem(pair) + pair.certificate + root.certificate, {
    ...{ trustDomain: 'cluster.local', known: [], wallNow },
  });
  assert.equal(intermediate?.pair.certificate, pair.certificate);
});

test('after a restart the authority is the one that it was, whatever phase its roots are in', async (context) => {
  const clock = new FakeClock(Date.now());
  const first = await testAuthority(context, { clock });
  first.lagging.push('default/reviews-1');
  const { fingerprint: next } = await first.succession.rotateRoot({ author: 'somebody' });
  await first.close();
  const second = await testAuthority(context, { clock, directory: first.directory });
  assert.deepEqual(second.authority.state, first.authority.state);
  await second.succession.look();
  assert.equal(second.authority.pin, next);
  await second.close();
  const third = await testAuthority(context, { clock, directory: first.directory });
  assert.deepEqual(third.authority.state, second.authority.state);
  const { chain, roots } = await third.authority.issue(await publicKey(), ID, 'token:a');
  assert.equal(chainFault(chain, roots, clock.wallNow()), null);
  assert.ok(new X509Certificate(chain[1]!).ca);
});
