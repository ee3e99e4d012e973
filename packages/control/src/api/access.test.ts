import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { FakeClock, SpiffeId } from 'heddle/ports';
import { createRoot, fingerprint, importPkcs12, issueCertificate, newKey } from 'heddle/security';
import type { LogRecord } from '../log.js';
import {
  assertRefused,
  Client,
  hello,
  joinToken,
  keyAndRequest,
  service,
  workload,
} from '../server.test.client.js';
import type { RootInfo } from './ca.js';

const VS = '/v1/resources/VirtualService/default/reviews';

test('without credentials only the bundle and the health of the service can be read', async (context) => {
  const { control } = await service(context);
  const client = new Client(context, control.url);
  for (const path of ['/v1/bundle', '/healthz', '/readyz'])
    assert.equal((await client.request('GET', path)).status, 200);
  for (const [method, path] of [
    ['GET', '/v1/resources'],
    ['POST', '/v1/apply'],
    ['POST', '/v1/analyze'],
    ['GET', '/v1/workloads'],
    ['GET', '/v1/tokens'],
    ['POST', '/v1/tokens'],
    ['GET', '/v1/ca'],
    ['POST', '/v1/ca/p12'],
    ['POST', '/v1/svid'],
    ['POST', '/v1/stream'],
    ['PUT', VS],
    ['DELETE', VS],
  ] as const) {
    assertRefused(await client.request(method, path), 401, 'unauthenticated');
  }
});

test('a workload may renew its certificate and open its stream, and nothing that operators may', async (context) => {
  const running = await service(context);
  const { client, svid } = await workload(context, running, 'reviews');
  const { csr } = await keyAndRequest(SpiffeId.forServiceAccount('cluster.local', 'default', 'ratings'));
  const renewed = await client.post('/v1/svid', { csr });
  assert.equal(
    renewed.json.spiffeId,
    svid.spiffeId,
    'the identity is the authenticated one, not the requested one',
  );
  assertRefused(await client.request('GET', '/v1/resources'), 403, 'forbidden');
  assertRefused(await client.request('GET', '/v1/workloads'), 403, 'forbidden');
  assertRefused(
    await client.post('/v1/tokens', { namespace: 'default', serviceAccount: 'x' }),
    403,
    'forbidden',
  );
});

test('an operator may not be a workload, and a join token is for joining only', async (context) => {
  const { control, operator } = await service(context);
  assertRefused(await operator.post('/v1/stream', ''), 403, 'forbidden');
  assertRefused(await operator.post('/v1/svid', { csr: 'AAAA' }), 403, 'forbidden');
  const joining = new Client(context, control.url, { token: await joinToken(operator, 'reviews') });
  assertRefused(await joining.request('GET', '/v1/resources'), 403, 'forbidden');
});

test('tokens that are wrong, used up, revoked or expired are all refused alike', async (context) => {
  const clock = new FakeClock(Date.now(), performance.now());
  const { control, operator } = await service(context, { clock });
  const { csr } = await keyAndRequest();
  const refusals: string[] = [];
  const mustFail = async (token: string) => {
    const reply = await new Client(context, control.url, { token }).post('/v1/svid', { csr });
    assertRefused(reply, 401, 'unauthenticated');
    refusals.push(reply.json.message);
  };
  const good = await joinToken(operator, 'reviews');
  await mustFail('nonsense');
  const [prefix, id, secret = '', pin] = good.split('.');
  await mustFail([prefix, id, (secret.startsWith('_') ? 'A' : '_') + secret.slice(1), pin].join('.'));
  const once = await joinToken(operator, 'reviews', { uses: 1 });
  assert.equal(
    (await new Client(context, control.url, { token: once }).post('/v1/svid', { csr })).status,
    200,
  );
  await mustFail(once);
  const revoked = await joinToken(operator, 'reviews');
  assert.equal((await operator.request('DELETE', `/v1/tokens/${revoked.split('.')[1]}`)).status, 200);
  await mustFail(revoked);
  const short = await joinToken(operator, 'reviews', { ttlMs: 1_000 });
  clock.advance(1_000);
  await mustFail(short);
  assert.equal(new Set(refusals).size, 1);
  assert.equal(
    (await new Client(context, control.url, { token: good }).post('/v1/svid', { csr })).status,
    200,
  );
});

test('of many that use a token for one at the same time, one gets in', async (context) => {
  const { control, operator } = await service(context);
  const token = await joinToken(operator, 'reviews', { uses: 1 });
  const { csr } = await keyAndRequest();
  const client = new Client(context, control.url, { token });
  const replies = await Promise.all(Array.from({ length: 8 }, () => client.post('/v1/svid', { csr })));
  assert.equal(replies.filter(({ status }) => status === 200).length, 1);
});

test('nobody can get the identity of the service itself', async (context) => {
  const { operator } = await service(context);
  const reply = await operator.post('/v1/tokens', { namespace: 'heddle-system', serviceAccount: 'control' });
  assertRefused(reply, 400, 'invalid');
});

test('tokens are listed without their secrets', async (context) => {
  const { operator } = await service(context);
  const token = await joinToken(operator, 'reviews');
  const reply = await operator.request('GET', '/v1/tokens');
  const [, id, secret] = token.split('.');
  const info = reply.json.items.find((item) => item.id === id);
  assert.deepEqual([info?.namespace, info?.serviceAccount, info?.kind], ['default', 'reviews', 'join']);
  assert.ok(!reply.text.includes(secret!) && !reply.text.includes('hash'));
});

test('a certificate of another authority is refused, even with the right name in it', async (context) => {
  const running = await service(context);
  const issuer = await createRoot({
    trustDomain: 'cluster.local',
    lifetimeMs: 3_600_000,
    wallNow: Date.now(),
  });
  const key = await newKey();
  const cert = issueCertificate({
    issuer,
    publicKey: createPublicKey(key),
    spiffeId: SpiffeId.forServiceAccount('cluster.local', 'default', 'reviews'),
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 600_000,
  });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const foreign = new Client(context, running.control.url, { cert, key: pem });
  assertRefused(await foreign.post('/v1/svid', { csr: (await keyAndRequest()).csr }), 401, 'unauthenticated');
  assertRefused(await foreign.post('/v1/stream', ''), 401, 'unauthenticated');
  const self = new Client(context, running.control.url, {
    cert: issuer.certificate,
    key: issuer.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  assertRefused(await self.post('/v1/stream', ''), 401, 'unauthenticated');
});

test('a certificate that has run out is refused, even on a connection from before', async (context) => {
  const clock = new FakeClock(Date.now(), performance.now());
  const running = await service(context, { clock, svidTtlMs: 600_000 });
  const { client } = await workload(context, running, 'reviews');
  const { csr } = await keyAndRequest();
  assert.equal((await client.post('/v1/svid', { csr })).status, 200);
  clock.jumpWall(601_000);
  assertRefused(await client.post('/v1/svid', { csr }), 401, 'unauthenticated');
});

test('a certificate that lives for half a minute is not past its half when it is issued', async (context) => {
  const running = await service(context, { svidTtlMs: 30_000 });
  const before = Date.now();
  const { svid } = await workload(context, running, 'reviews');
  const { validFrom, validTo } = new X509Certificate(svid.chain[0]!);
  assert.ok((Date.parse(validFrom) + Date.parse(validTo)) / 2 > before);
});

test('a request that cannot be read does not use up a token', async (context) => {
  const { control, operator } = await service(context);
  const token = await joinToken(operator, 'reviews', { uses: 1 });
  const joining = new Client(context, control.url, { token });
  assertRefused(await joining.post('/v1/svid', { csr: 'AAAA' }), 400, 'invalid');
  const { csr } = await keyAndRequest();
  assert.equal((await joining.post('/v1/svid', { csr })).status, 200);
  assertRefused(await joining.post('/v1/svid', { csr }), 401, 'unauthenticated');
});

test('a workload that says that it is somebody else is turned away for good', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'reviews');
  const stream = client.stream();
  stream.send(hello('ratings'));
  const { because, retry } = await stream.expect('goodbye');
  assert.equal(retry, false);
  assert.match(because, /spiffe:\/\/cluster\.local\/ns\/default\/sa\/reviews, not of default\/ratings/);
});

test('a stream of garbage ends with a reason', async (context) => {
  const running = await service(context);
  const { client } = await workload(context, running, 'reviews');
  for (const line of [
    'garbage',
    '[]',
    '{"type":"hello"}',
    '{"type":"ping"}',
    `{"type":"${'x'.repeat(99)}"}`,
  ]) {
    const stream = client.stream();
    stream.send(line);
    assert.equal((await stream.expect('goodbye')).retry, false, line);
  }
});

test('one identity holds only so many streams', async (context) => {
  const running = await service(context, { maxStreamsPerIdentity: 2 });
  const { client } = await workload(context, running, 'reviews');
  const streams = [client.stream(), client.stream()];
  for (const stream of streams) {
    stream.send(hello('reviews'));
    await stream.expect('welcome');
  }
  assertRefused(await client.post('/v1/stream', ''), 503, 'unavailable');
});

test('bodies that are too long, no JSON, no UTF-8 or no request are refused', async (context) => {
  const running = await service(context);
  const { operator } = running;
  assertRefused(await operator.post('/v1/apply', 'x'.repeat(8 * 1024 * 1024 + 1)), 413, 'too_large');
  assertRefused(await operator.post('/v1/tokens', '{"namespace"'), 400, 'invalid');
  assertRefused(await operator.post('/v1/tokens', '[]'), 400, 'invalid');
  assertRefused(await operator.post('/v1/tokens', { namespace: 'A B', serviceAccount: 'x' }), 400, 'invalid');
  assertRefused(
    await operator.post('/v1/tokens', { namespace: 'a', serviceAccount: 'x', tttl: 1 }),
    400,
    'invalid',
  );
  assertRefused(
    await operator.request('POST', '/v1/apply', { body: Buffer.from([0xff, 0xfe]) }),
    400,
    'invalid',
  );
  const { client } = await workload(context, running, 'reviews');
  for (const csr of ['%%%', 'AAAA', Buffer.from('not a request').toString('base64'), 1, undefined]) {
    assertRefused(await client.post('/v1/svid', { csr }), 400, 'invalid');
  }
});

test('unknown paths and methods are told apart, and a path cannot reach other keys of the store', async (context) => {
  const { operator } = await service(context);
  assertRefused(await operator.request('GET', '/v1/nothing'), 404, 'not_found');
  assertRefused(await operator.request('DELETE', '/v1/apply'), 405, 'method_not_allowed');
  assertRefused(await operator.request('GET', '/v1/resources/VirtualService/default/..'), 404, 'not_found');
  assertRefused(
    await operator.request('GET', '/v1/resources/VirtualService/default/a%2Fb'),
    404,
    'not_found',
  );
});

test('an operator can take a backup of the authority, encrypted with a passphrase', async (context) => {
  const { control, operator } = await service(context);
  assertRefused(await operator.post('/v1/ca/p12', { passphrase: 'short' }), 400, 'invalid');
  const reply = await operator.post('/v1/ca/p12', { passphrase: 'correct horse battery' });
  assert.equal(reply.headers['content-type'], 'application/x-pkcs12');
  const { chain, key } = await importPkcs12(reply.bytes, 'correct horse battery');
  assert.equal(fingerprint(chain[0]!), control.pin);
  assert.equal(key.type, 'private');
  const { roots } = JSON.parse((await operator.request('GET', '/v1/ca')).text) as { roots: RootInfo[] };
  assert.equal(roots[0]?.fingerprint, control.pin);
  assert.ok(roots[0]!.notAfter > Date.now() + 9 * 365 * 86_400_000);
});

test('no log line holds a secret', async (context: TestContext) => {
  const records: LogRecord[] = [];
  const running = await service(context, { log: (record) => void records.push(record) });
  const token = await joinToken(running.operator, 'reviews');
  await workload(context, running, 'reviews');
  await new Client(context, running.control.url, { token: `${token}x` }).post('/v1/svid', {});
  const text = JSON.stringify(records);
  assert.ok(records.some(({ event }) => event === 'svid.issued'));
  assert.ok(records.some(({ event }) => event === 'request.refused'));
  assert.ok(!text.includes(token.split('.')[2]!));
  assert.ok(!text.includes('PRIVATE KEY'));
});
