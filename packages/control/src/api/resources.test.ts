import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertRefused,
  hello,
  listener,
  type Reply,
  SPLIT,
  service,
  workload,
} from '../server.test.client.js';

const VS = '/v1/resources/VirtualService/default/reviews';

test('policy that does not validate is refused whole, with file, line, column and path', async (context) => {
  const { operator } = await service(context);
  const bad = SPLIT(80).replace('weight: 80', 'wieght: 80');
  const reply = await operator.post('/v1/apply', bad);
  assertRefused(reply, 422, 'invalid_policy');
  const message = reply.json.messages.find((item) => item.path.includes('wieght'));
  assert.deepEqual([message?.kind, message?.name, message?.line], ['VirtualService', 'reviews', 11]);
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
  const codes = (reply: Reply) => reply.json.messages.map(({ code }) => code);
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
  assert.ok(reply.json.messages.every(({ file }) => file === 'policy/bad.yaml'));
});

test('documents that say what is stored already make no revision', async (context) => {
  const { operator } = await service(context);
  const first = await operator.post('/v1/apply', SPLIT(80));
  const again = await operator.post('/v1/apply', SPLIT(80));
  assert.equal(again.json.revision, first.json.revision);
  assert.deepEqual(
    again.json.results.map(({ result }) => result),
    ['unchanged', 'unchanged'],
  );
  const changed = await operator.post('/v1/apply', SPLIT(50));
  assert.deepEqual(
    changed.json.results.map(({ result }) => result),
    ['configured', 'unchanged'],
  );
  assert.ok(changed.json.revision > first.json.revision);
});

test('a dry run says what would happen and changes nothing', async (context) => {
  const { operator } = await service(context);
  for (const path of ['/v1/analyze', '/v1/apply?dryRun=true']) {
    const reply = await operator.post(path, SPLIT(80));
    assert.equal(reply.json.results[0]?.result, 'created');
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
  assert.match(metadata.creationTimestamp ?? '', /^\d{4}-\d\d-\d\dT/);
  await operator.post('/v1/apply', SPLIT(50));
  const second = (await operator.request('GET', VS)).json;
  assert.equal(second.metadata.creationTimestamp, metadata.creationTimestamp);
  assert.equal(second.metadata.generation, 2);
  const yaml = await operator.request('GET', VS, { headers: { accept: 'application/yaml' } });
  assert.equal(yaml.headers['content-type'], 'application/yaml');
  const back = await operator.post('/v1/apply', yaml.text);
  assert.equal(back.json.results[0]?.result, 'unchanged', back.text);
  const list = await operator.request('GET', '/v1/resources?kind=DestinationRule&format=yaml');
  assert.match(list.text, /^apiVersion: networking\.istio\.io\/v1\nkind: DestinationRule/);
});

test('a change made from an older revision is a conflict, by ETag and by resourceVersion', async (context) => {
  const { operator } = await service(context);
  await operator.post('/v1/apply', SPLIT(80));
  const read = await operator.request('GET', VS);
  const etag = String(read.headers.etag);
  const put = (headers: Record<string, string>, weight: number) => {
    const [body] = SPLIT(weight).split('---');
    return operator.request('PUT', VS, { body: body!, headers });
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
      JSON.stringify({ ...read.json, metadata: { ...read.json.metadata, labels: { changed: 'yes' } } }),
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
