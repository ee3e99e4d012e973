import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { jwks, TestKey } from './fixtures.test.js';
import { type FetchText, KeySets } from './jwks.js';
import type { TokenKeys } from './policy.js';

const URI: TokenKeys = { from: 'uri', uri: 'https://keys.example/jwks?key=secret', timeoutMs: 5_000 };
const MINUTE = 60_000;

let one: TestKey;
let other: TestKey;
before(async () => {
  [one, other] = [await TestKey.create('one'), await TestKey.create('other')];
});

/** A place that answers what a test says, and counts. */
class Place {
  readonly clock = new FakeClock();
  readonly warnings: string[] = [];
  readonly asked: string[] = [];
  answer: FetchText = () => Promise.reject(new Error('nobody there'));
  readonly sets = new KeySets({
    clock: this.clock,
    fetch: (url, options) => {
      this.asked.push(url);
      return this.answer(url, options);
    },
    warn: (line) => this.warnings.push(line),
  });

  serves(...keys: TestKey[]): void {
    this.answer = () => Promise.resolve(jwks(...keys));
  }
}

test('keys are fetched once, however many ask, and are at hand from then on', async () => {
  const place = new Place();
  place.serves(one);
  const [first, second] = await Promise.all([place.sets.get(URI), place.sets.get(URI)]);
  assert.equal(first?.size, 1);
  assert.equal(second, first);
  assert.equal(place.sets.get(URI), first);
  assert.equal(place.asked.length, 1);
});

test('keys are fetched again after 20 minutes, while the old ones go on', async () => {
  const place = new Place();
  place.serves(one);
  const first = await place.sets.get(URI);
  place.clock.advance(20 * MINUTE);
  place.serves(other);
  assert.equal(place.sets.get(URI), first);
  await place.clock.advanceAsync(0);
  const second = place.sets.get(URI);
  assert.ok(second !== null && !(second instanceof Promise) && second !== first);
  assert.equal(place.asked.length, 2);
});

test('keys that did not change stay the same set, which remembers what it has verified', async () => {
  const place = new Place();
  place.serves(one);
  const first = await place.sets.get(URI);
  place.clock.advance(20 * MINUTE);
  place.sets.get(URI);
  await place.clock.advanceAsync(0);
  assert.equal(place.sets.get(URI), first);
});

test('after a long silence a token waits for new keys, and gets the old ones if there are none', async () => {
  const place = new Place();
  place.serves(one);
  const first = await place.sets.get(URI);
  place.clock.advance(40 * MINUTE);
  place.answer = () => Promise.reject(new Error('away'));
  const waited = place.sets.get(URI);
  assert.ok(waited instanceof Promise);
  assert.equal(await waited, first);
  assert.match(place.warnings[0] ?? '', /from https:\/\/keys\.example\/jwks: away; the last good ones stay$/);
});

test('keys that nobody could fetch for a week are believed no more', async () => {
  const place = new Place();
  place.serves(one);
  await place.sets.get(URI);
  place.answer = () => Promise.reject(new Error('away'));
  place.clock.advance(7 * 24 * 60 * MINUTE);
  assert.equal(await place.sets.get(URI), null);
});

test('a place that fails is left alone for a second, then two, at most a minute', async () => {
  const place = new Place();
  assert.equal(await place.sets.get(URI), null);
  assert.match(place.warnings[0] ?? '', /nobody there; tokens of theirs are refused/);
  assert.doesNotMatch(place.warnings[0] ?? '', /secret/);
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    const count = place.asked.length;
    place.clock.advance(waitMs - 1);
    assert.equal(place.sets.get(URI), null);
    assert.equal(place.asked.length, count);
    place.clock.advance(1);
    assert.equal(await place.sets.get(URI), null);
    assert.equal(place.asked.length, count + 1);
  }
  place.clock.advance(60_000);
  place.serves(one);
  assert.equal((await place.sets.get(URI))?.size, 1);
});

test('a token with an unknown key causes one fetch in 30 seconds', async () => {
  const place = new Place();
  place.serves(one);
  const first = await place.sets.get(URI);
  assert.ok(first !== null);
  place.serves(other);
  const newer = await place.sets.getNewer(URI, first);
  assert.ok(newer !== null && newer !== first);
  place.serves(one, other);
  assert.equal(await place.sets.getNewer(URI, newer), null);
  place.clock.advance(29_999);
  assert.equal(await place.sets.getNewer(URI, newer), null);
  place.clock.advance(1);
  assert.equal((await place.sets.getNewer(URI, newer))?.size, 2);
  assert.equal(place.asked.length, 3);
});

test('an answer that takes too long is not waited for', async () => {
  const place = new Place();
  let aborted: unknown;
  place.answer = (_url, { signal }) =>
    new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason)));
  const waiting = place.sets.get({ ...URI, timeoutMs: 10 } as TokenKeys);
  place.clock.advance(10);
  assert.equal(await waiting, null);
  assert.match(String(aborted), /longer than 10 ms/);
  assert.equal(place.clock.pending, 0);
});

test('an answer that is no key set leaves the keys before it in force', async () => {
  const place = new Place();
  place.serves(one);
  const first = await place.sets.get(URI);
  for (const text of ['', '[]', '{"keys":{}}', '<html>', `{"keys":[${'{},'.repeat(1_001)}{}]}`]) {
    place.clock.advance(20 * MINUTE);
    place.answer = () => Promise.resolve(text);
    assert.equal(await place.sets.get(URI), first);
    await place.clock.advanceAsync(0);
  }
  assert.equal(place.warnings.length, 5);
  assert.equal(await place.sets.get(URI), first);
});

test('an issuer is asked where its keys are', async () => {
  const place = new Place();
  place.answer = (url) =>
    Promise.resolve(
      url.endsWith('/.well-known/openid-configuration')
        ? '{"jwks_uri":"https://keys.example/jwks"}'
        : jwks(one),
    );
  const keys: TokenKeys = { from: 'issuer', issuer: 'https://issuer.example/', timeoutMs: 5_000 };
  assert.equal((await place.sets.get(keys))?.size, 1);
  assert.deepEqual(place.asked, [
    'https://issuer.example/.well-known/openid-configuration',
    'https://keys.example/jwks',
  ]);
});

test('an issuer that names no place, or one that is not of the web, has no keys', async () => {
  const place = new Place();
  for (const [issuer, document] of [
    ['https://a.example', 'null'],
    ['https://b.example', '{"jwks_uri":"file:///etc/keys"}'],
    ['b@example.com', '{}'],
  ] as const) {
    place.answer = () => Promise.resolve(document);
    assert.equal(await place.sets.get({ from: 'issuer', issuer, timeoutMs: 5_000 }), null);
  }
});

test('a secret that anyone can fetch is no key; one that policy holds is', async () => {
  const place = new Place();
  const secret = { kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url') };
  place.answer = () => Promise.resolve(JSON.stringify({ keys: [secret] }));
  assert.equal((await place.sets.get(URI))?.size, 0);
  const inline = await place.sets.get({ from: 'inline', jwks: JSON.stringify({ keys: [secret] }) });
  assert.equal(inline?.size, 1);
});

test('closing ends what is under way', async () => {
  const place = new Place();
  place.answer = () => new Promise(() => {});
  const waiting = place.sets.get(URI);
  place.sets.close();
  assert.equal(await waiting, null);
  assert.deepEqual(place.warnings, []);
});

test('without a way to fetch there are only the keys that policy holds', async () => {
  const sets = new KeySets({ clock: new FakeClock(), warn: () => {} });
  assert.equal(await sets.get(URI), null);
  const inline = await sets.get({ from: 'inline', jwks: jwks(one) });
  assert.equal(inline?.size, 1);
});
