import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint } from 'heddle/security';
import {
  assertRefused,
  Client,
  hello,
  joinToken,
  keyAndRequest,
  service,
  type WorkloadSide,
  workload,
} from '../server.test.client.js';
import type { CaStatus, IssuedList } from './ca.js';

interface Bundle {
  readonly roots: readonly string[];
  readonly denied?: { readonly serials: readonly string[]; readonly ids: readonly string[] };
}

function bundleOf(stream: WorkloadSide): Bundle {
  return stream.resources.get('bundle')?.value as Bundle;
}

async function until<T>(look: () => Promise<T>, isThere: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a new root is told to workloads, signs once all of them say that they trust it, and shows in the status', async (context) => {
  const running = await service(context);
  const { operator, control } = running;
  const status = async () => JSON.parse((await operator.request('GET', '/v1/ca')).text) as CaStatus;
  const { client, svid } = await workload(context, running, 'reviews');
  const stream = client.stream();
  stream.send(hello('reviews'));
  await stream.expect('welcome');
  await stream.update();
  const rotated = await operator.post('/v1/ca/rotate', { what: 'root' });
  assert.equal(rotated.status, 200, rotated.text);
  const { fingerprint: next } = JSON.parse(rotated.text) as { fingerprint: string };
  const { upsert, revision } = await stream.expect('update');
  const bundle = upsert.find(({ name }) => name === 'bundle')!;
  assert.equal((bundle.value as Bundle).roots.length, 2);
  const announced = await status();
  assert.deepEqual(
    announced.roots.map(({ phase }) => phase),
    ['signing', 'announced'],
  );
  assert.deepEqual(announced.lagging, ['default/reviews-1']);
  assertRefused(await operator.post('/v1/ca/rotate', { what: 'root' }), 400, 'invalid');

  stream.send({ type: 'accepted', revision, bundle: bundle.version });
  const signing = await until(status, ({ roots }) => roots[1]?.phase === 'signing');
  assert.deepEqual(
    signing.roots.map(({ phase }) => phase),
    ['retiring', 'signing'],
  );
  assert.deepEqual(signing.lagging, []);
  assert.ok(signing.intermediates.some(({ root, signs }) => signs && root === next));
  // With a certificate below the old root to one below the new one; and newcomers, by tokens of before and of now.
  const renewed = await client.post('/v1/svid', { csr: (await keyAndRequest()).csr });
  assert.notDeepEqual(renewed.json.chain.slice(1), svid.chain.slice(1));
  assert.equal((await joinToken(operator, 'ratings')).split('.')[3], next);
  const old = signing.roots[0]!.fingerprint;
  assertRefused(await operator.post('/v1/ca/retire', { root: next }), 400, 'invalid');
  assert.equal((await operator.post('/v1/ca/retire', { root: old.slice(0, 16) })).status, 200);
  const left = await new Client(context, control.url).request('GET', '/v1/bundle');
  assert.deepEqual(left.json.roots.map(fingerprint), [next]);
});

test('who is denied is told on the streams at once, may not renew, and is turned away', async (context) => {
  const running = await service(context);
  const { operator } = running;
  const [denied, other] = [
    await workload(context, running, 'reviews'),
    await workload(context, running, 'ratings'),
  ];
  const [mine, theirs] = [denied.client.stream(), other.client.stream()];
  mine.send(hello('reviews'));
  theirs.send(hello('ratings'));
  for (const stream of [mine, theirs]) {
    await stream.expect('welcome');
    await stream.update();
  }
  const body = { kind: 'id', value: denied.svid.spiffeId, because: 'left the company' };
  assert.equal((await operator.post('/v1/ca/denied', body)).status, 200);
  await theirs.updateUntil(() => bundleOf(theirs).denied !== undefined);
  assert.deepEqual(bundleOf(theirs).denied?.ids, [denied.svid.spiffeId]);
  await mine.update();
  const { because, retry } = await mine.expect('goodbye');
  assert.match(because, /deny list/);
  // There may be another certificate, which is not denied.
  assert.equal(retry, true);
  const { csr } = await keyAndRequest();
  assertRefused(await denied.client.post('/v1/svid', { csr }), 401, 'unauthenticated');
  assertRefused(await denied.client.post('/v1/stream', ''), 401, 'unauthenticated');
  assert.equal((await other.client.post('/v1/svid', { csr })).status, 200);
  assert.equal((await operator.post('/v1/ca/allowed', { kind: 'id', value: body.value })).status, 200);
  await theirs.updateUntil(() => bundleOf(theirs).denied === undefined);
  assert.equal((await denied.client.post('/v1/svid', { csr })).status, 200);
  assertRefused(await operator.post('/v1/ca/denied', { kind: 'serial', value: 'zz' }), 400, 'invalid');
  assertRefused(await operator.post('/v1/ca/denied', { kind: 'name', value: 'zz' }), 400, 'invalid');
});

test('whoever joined with a token that is revoked renews no more, and is denied at once if that is asked for', async (context) => {
  const running = await service(context);
  const { operator, control } = running;
  const token = await joinToken(operator, 'reviews');
  const id = token.split('.')[1]!;
  const { csr, key } = await keyAndRequest();
  const joined = (await new Client(context, control.url, { token }).post('/v1/svid', { csr })).json;
  const client = new Client(context, control.url, { cert: joined.chain.join(''), key });
  const renewed = await client.post('/v1/svid', { csr });
  assert.equal(renewed.status, 200);
  const revoked = await operator.request('DELETE', `/v1/tokens/${id}`);
  assert.equal((JSON.parse(revoked.text) as { certificates: number }).certificates, 2);
  assertRefused(await client.post('/v1/svid', { csr }), 403, 'forbidden');
  const next = new Client(context, control.url, { cert: renewed.json.chain.join(''), key });
  assertRefused(await next.post('/v1/svid', { csr }), 403, 'forbidden');

  const other = await joinToken(operator, 'reviews');
  const second = (await new Client(context, control.url, { token: other }).post('/v1/svid', { csr })).json;
  await operator.request('DELETE', `/v1/tokens/${other.split('.')[1]}?certificates=deny`);
  const bundle = await new Client(context, control.url).request('GET', '/v1/bundle');
  assert.equal((JSON.parse(bundle.text) as Bundle).denied?.serials.length, 1);
  const cut = new Client(context, control.url, { cert: second.chain.join(''), key });
  assertRefused(await cut.post('/v1/svid', { csr }), 401, 'unauthenticated');
  const { items } = JSON.parse(
    (await operator.request('GET', `/v1/ca/issued?origin=token:${id}`)).text,
  ) as IssuedList;
  assert.equal(items.length, 2);
});
