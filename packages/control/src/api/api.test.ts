import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type TestContext, test } from 'node:test';
import { FakeClock, isMeshError, SpiffeId } from 'heddle/ports';
import { createRoot, fingerprint, importPkcs12, issueCertificate, newKey } from 'heddle/security';
import type { LogRecord } from '../log.js';
import { startControl } from '../server.js';
import {
  Client,
  dataDirectory,
  hello,
  joinToken,
  keyAndRequest,
  listener,
  type Reply,
  SPLIT,
  service,
  workload,
} from '../server.test.client.js';

const VS = '/v1/resources/VirtualService/default/reviews';

function assertRefused(reply: Reply, status: number, code: string): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.json.code, code);
  assert.equal(typeof reply.json.message, 'string');
}

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
  await mustFail(good.replace(/^(heddle1\.[^.]+\.)./, '$1_'));
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
  const info = reply.json.items.find((item: { id: string }) => item.id === id);
  assert.deepEqual([info.namespace, info.serviceAccount, info.kind], ['default', 'reviews', 'join']);
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

test('policy that does not validate is refused whole, with file, line, column and path', async (context) => {
  const { operator } = await service(context);
  const bad = SPLIT(80).replace('weight: 80', 'wieght: 80');
  const reply = await operator.post('/v1/apply', bad);
  assertRefused(reply, 422, 'invalid_policy');
  const message = reply.json.messages.find((item: { path: string }) => item.path.includes('wieght'));
  assert.deepEqual([message.kind, message.name, message.line], ['VirtualService', 'reviews', 11]);
  assert.deepEqual(
    (await operator.request('GET', '/v1/resources')).json.items,
    [],
    'the good half is not stored either',
  );
  const twice = await operator.post('/v1/apply', `${SPLIT(80)}---${SPLIT(80)}`);
  assertRefused(twice, 422, 'invalid_policy');
  assertRefused(await operator.post('/v1/apply', 'a: [unclosed'), 422, 'invalid_policy');
});

test('what analysis finds is told, and refuses the change only if asked to', async (context) => {
  const running = await service(context);
  const { operator } = running;
  const strict = await operator.post('/v1/apply?strict=true', SPLIT(80));
  assertRefused(strict, 422, 'invalid_policy');
  const codes = (reply: Reply) => reply.json.messages.map(({ code }: { code: string }) => code);
  assert.ok(codes(strict).includes('IST0101'), 'nobody serves reviews');
  const applied = await operator.post('/v1/apply', SPLIT(80));
  assert.equal(applied.status, 200, applied.text);
  assert.deepEqual(codes(applied), codes(strict));

  const { client } = await workload(context, running, 'reviews');
  const stream = client.stream();
  const labels = { app: 'reviews', version: 'v1' };
  const workloadOf = { ...hello('reviews').workload, labels };
  stream.send(hello('reviews', { workload: workloadOf, listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => resources.has('endpoints/reviews.default.svc.cluster.local'));
  const served = await operator.post('/v1/apply?strict=true', SPLIT(70));
  assert.equal(served.status, 200, served.text);
});

test('files of one change keep their names in what is found', async (context) => {
  const { operator } = await service(context);
  const files = [
    { file: 'policy/good.yaml', text: SPLIT(80) },
    { file: 'policy/bad.yaml', text: 'kind: [' },
  ];
  const headers = { 'content-type': 'application/vnd.heddle.files+json' };
  const reply = await operator.request('POST', '/v1/analyze', { body: JSON.stringify({ files }), headers });
  assertRefused(reply, 422, 'invalid_policy');
  assert.ok(reply.json.messages.every(({ file }: { file: string }) => file === 'policy/bad.yaml'));
});

test('documents that say what is stored already make no revision', async (context) => {
  const { operator } = await service(context);
  const first = await operator.post('/v1/apply', SPLIT(80));
  const again = await operator.post('/v1/apply', SPLIT(80));
  assert.equal(again.json.revision, first.json.revision);
  assert.deepEqual(
    again.json.results.map(({ result }: { result: string }) => result),
    ['unchanged', 'unchanged'],
  );
  const changed = await operator.post('/v1/apply', SPLIT(50));
  assert.deepEqual(
    changed.json.results.map(({ result }: { result: string }) => result),
    ['configured', 'unchanged'],
  );
  assert.ok(changed.json.revision > first.json.revision);
});

test('a dry run says what would happen and changes nothing', async (context) => {
  const { operator } = await service(context);
  for (const path of ['/v1/analyze', '/v1/apply?dryRun=true']) {
    const reply = await operator.post(path, SPLIT(80));
    assert.equal(reply.json.results[0].result, 'created');
    assert.deepEqual((await operator.request('GET', '/v1/resources')).json.items, []);
  }
});

test('a resource comes back as it was written, with its revision, generation and time, as JSON and as YAML', async (context) => {
  const { operator } = await service(context);
  await operator.post('/v1/apply', SPLIT(80));
  const first = await operator.request('GET', VS);
  const { metadata } = first.json;
  assert.equal(first.headers.etag, `"${metadata.resourceVersion}"`);
  assert.equal(metadata.generation, 1);
  assert.match(metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT/);
  await operator.post('/v1/apply', SPLIT(50));
  const second = (await operator.request('GET', VS)).json;
  assert.equal(second.metadata.creationTimestamp, metadata.creationTimestamp);
  assert.equal(second.metadata.generation, 2);
  const yaml = await operator.request('GET', VS, { headers: { accept: 'application/yaml' } });
  assert.equal(yaml.headers['content-type'], 'application/yaml');
  const back = await operator.post('/v1/apply', yaml.text);
  assert.equal(back.json.results[0].result, 'unchanged', back.text);
  const list = await operator.request('GET', '/v1/resources?kind=DestinationRule&format=yaml');
  assert.match(list.text, /^apiVersion: networking\.istio\.io\/v1\nkind: DestinationRule/);
});

test('a change made from an older revision is a conflict, by ETag and by resourceVersion', async (context) => {
  const { operator } = await service(context);
  await operator.post('/v1/apply', SPLIT(80));
  const read = await operator.request('GET', VS);
  const etag = String(read.headers.etag);
  const put = (headers: Record<string, string>, weight: number) => {
    const resource = structuredClone(read.json);
    delete resource.metadata.resourceVersion;
    resource.spec.http[0].route[0].weight = weight;
    return operator.request('PUT', VS, { body: JSON.stringify(resource), headers });
  };
  const changed = await put({ 'if-match': etag }, 70);
  assert.equal(changed.status, 200, changed.text);
  assert.notEqual(changed.headers.etag, etag);
  assertRefused(await put({ 'if-match': etag }, 60), 409, 'conflict');
  assertRefused(await put({ 'if-none-match': '*' }, 60), 409, 'conflict');
  assertRefused(await put({ 'if-match': 'nonsense' }, 60), 400, 'invalid');
  assertRefused(
    await operator.post(
      '/v1/apply',
      JSON.stringify({ ...read.json, spec: { ...read.json.spec, exportTo: ['.'] } }),
    ),
    409,
    'conflict',
  );
  assertRefused(await operator.request('DELETE', VS, { headers: { 'if-match': etag } }), 409, 'conflict');
  const gone = await operator.request('DELETE', VS, {
    headers: { 'if-match': String(changed.headers.etag) },
  });
  assert.equal(gone.status, 200, gone.text);
  assertRefused(await operator.request('GET', VS), 404, 'not_found');
  assertRefused(await operator.request('DELETE', VS), 404, 'not_found');
});

test('a body that is not the resource that its path names is refused', async (context) => {
  const { operator } = await service(context);
  assertRefused(await operator.request('PUT', VS, { body: SPLIT(80) }), 400, 'invalid');
  const [, rule] = SPLIT(80).split('---');
  assertRefused(await operator.request('PUT', VS, { body: rule! }), 400, 'invalid');
});

test('an operator can take a backup of the authority, encrypted with a passphrase', async (context) => {
  const { control, operator } = await service(context);
  assertRefused(await operator.post('/v1/ca/p12', { passphrase: 'short' }), 400, 'invalid');
  const reply = await operator.post('/v1/ca/p12', { passphrase: 'correct horse battery' });
  assert.equal(reply.headers['content-type'], 'application/x-pkcs12');
  const { chain, key } = await importPkcs12(reply.bytes, 'correct horse battery');
  assert.equal(fingerprint(chain[0]!), control.pin);
  assert.equal(key.type, 'private');
  const { roots } = (await operator.request('GET', '/v1/ca')).json;
  assert.equal(roots[0].fingerprint, control.pin);
  assert.ok(roots[0].notAfter > Date.now() + 9 * 365 * 86_400_000);
});

test('the API speaks HTTP/1.1 too', async (context) => {
  const { control } = await service(context);
  const token = readFileSync(control.operatorTokenFile, 'utf8').trim();
  const status = await new Promise((resolve, reject) => {
    const options = {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}` },
      agent: false as const,
    };
    const request = httpsRequest(`${control.url}/v1/resources`, options, (response) => {
      response.resume();
      response.on('end', () => resolve([response.statusCode, response.httpVersion]));
    });
    request.on('error', reject);
    request.end();
  });
  assert.deepEqual(status, [200, '1.1']);
});

test('dev mode needs no credentials, says so, and speaks HTTP/1.1 and HTTP/2 in plain text', async (context) => {
  const records: LogRecord[] = [];
  const { control } = await service(context, { dev: true, log: (record) => void records.push(record) });
  assert.match(control.url, /^http:\/\/127\.0\.0\.1:/);
  assert.ok(records.some(({ level, event }) => level === 'warn' && event === 'control.dev-mode'));
  const client = new Client(context, control.url);
  assert.equal((await client.post('/v1/apply', SPLIT(80))).status, 200);
  const stream = client.stream();
  stream.send(hello('reviews', { listeners: [listener('reviews', 8001)] }));
  await stream.expect('welcome');
  await stream.updateUntil((resources) => resources.has('endpoints/reviews.default.svc.cluster.local'));
  const { value } = stream.resources.get('endpoints/reviews.default.svc.cluster.local')!;
  const { mtls, spiffeId } = (value as { ports: Record<string, { mtls: boolean; spiffeId?: string }[]> })
    .ports['9080']![0]!;
  assert.deepEqual([mtls, spiffeId], [false, undefined], 'nobody has proved anything');
  assert.deepEqual(await plain(control.url, {}), [200, '1.1']);
});

test('in dev mode a web page cannot use the service through the browser of whoever reads it', async (context) => {
  const { control } = await service(context, { dev: true });
  assert.deepEqual((await plain(control.url, { origin: 'http://evil.example' }))[0], 403);
  assert.deepEqual((await plain(control.url, { host: 'rebound.example' }))[0], 403);
});

test('dev mode is refused on an address that others can reach', async (context) => {
  for (const address of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
    await assert.rejects(
      startControl({ dataDir: dataDirectory(context), dev: true, address, port: 0 }),
      (error) => isMeshError(error, 'HEDDLE_INVALID_SETTING') && /loopback/.test(error.message),
    );
  }
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

function plain(url: string, headers: Record<string, string>): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/workloads`, { headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve([response.statusCode, response.httpVersion]));
    });
    request.on('error', reject);
    request.end();
  });
}
