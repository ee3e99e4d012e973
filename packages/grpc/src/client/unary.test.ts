import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { ask, clientOf, member, policyTo, serve } from './client.test.helper.js';

type Unary = ServerUnaryCall<Buffer, Buffer>;
type Done = sendUnaryData<Buffer>;

const echo = { unary: ({ request }: Unary, done: Done) => done(null, request) };

for (const protocol of ['GRPC', 'HTTP2', 'HTTP'])
  test(`a unary call is answered, over HTTP/2 though the port is said to speak ${protocol}`, async (t) => {
    const port = await serve(t, echo);
    const { mesh } = await member(t, policyTo({ endpoints: [{ port }], protocol }));
    const client = clientOf(t, mesh);
    assert.deepEqual(await ask(client, 'hello'), { error: null, message: 'hello' });
    assert.deepEqual(await ask(client, ''), { error: null, message: '' });
  });

test('metadata goes both ways, with several values, as bytes, and at the end', async (t) => {
  const port = await serve(t, {
    unary(call: Unary, done: Done) {
      const head = new Metadata();
      for (const value of call.metadata.get('x-bytes-bin')) head.add('x-bytes-bin', value);
      call.sendMetadata(head);
      const last = new Metadata();
      last.add('x-last', String(call.metadata.get('x-word')[0]));
      last.add('x-last-bin', Buffer.from([0, 255]));
      done(null, Buffer.from(JSON.stringify(call.metadata.toJSON())), last);
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh, { 'grpc.primary_user_agent': 'shop/1' });
  const metadata = new Metadata();
  metadata.add('x-word', 'a word');
  metadata.add('x-bytes-bin', Buffer.from([1, 2, 3]));
  const head: Metadata[] = [];
  const last: Metadata[] = [];
  const seen = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const call = client.unary!(Buffer.alloc(0), metadata, (error: Error | null, answer: Buffer) =>
      error === null ? queueMicrotask(() => resolve(JSON.parse(answer.toString()))) : reject(error),
    );
    call.on('metadata', (one: Metadata) => head.push(one));
    call.on('status', ({ metadata: one }: { metadata: Metadata }) => last.push(one));
  });
  assert.deepEqual(seen['x-word'], ['a word']);
  assert.match(String(seen['user-agent']), /^shop\/1 grpc-node-heddle\//);
  assert.equal(seen['content-length'], undefined);
  assert.deepEqual(head[0]!.get('x-bytes-bin'), [Buffer.from([1, 2, 3])]);
  assert.deepEqual(last[0]!.get('x-last'), ['a word']);
  assert.deepEqual(last[0]!.get('x-last-bin'), [Buffer.from([0, 255])]);
});

test('an error comes with its code, its text and its metadata, without a head of its own', async (t) => {
  const port = await serve(t, {
    unary(_call: Unary, done: Done) {
      const metadata = new Metadata();
      metadata.set('x-why', 'because');
      done({ code: status.FAILED_PRECONDITION, details: 'ünïcode\n100 % ☺', metadata });
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const { error } = await ask(clientOf(t, mesh), 'x');
  assert.equal(error?.code, status.FAILED_PRECONDITION);
  assert.equal(error?.details, 'ünïcode\n100 % ☺');
  assert.deepEqual(error?.metadata.get('x-why'), ['because']);
});
