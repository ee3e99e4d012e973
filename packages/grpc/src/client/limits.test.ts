import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { isMeshError } from 'heddle';
import { ask, clientOf, member, policyTo, serve } from './client.test.helper.js';

type Unary = ServerUnaryCall<Buffer, Buffer>;
type Done = sendUnaryData<Buffer>;
type Download = ServerWritableStream<Buffer, Buffer>;

const echo = { unary: ({ request }: Unary, done: Done) => done(null, request) };

test('a deadline is told to the server, and is over here even if the server goes on', async (t) => {
  const told: unknown[] = [];
  const port = await serve(t, {
    unary(call: Unary) {
      told.push(call.getDeadline());
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const { error } = await ask(client, 'x', undefined, { deadline: Date.now() + 200 });
  assert.equal(error?.code, status.DEADLINE_EXCEEDED);
  assert.ok(isMeshError((error as { cause?: unknown }).cause, 'HEDDLE_DEADLINE_EXCEEDED'));
  assert.ok(Number(told[0]) < Date.now() + 10_000);
  const late = await ask(client, 'x', undefined, { deadline: Date.now() - 1 });
  assert.equal(late.error?.code, status.DEADLINE_EXCEEDED);
  assert.equal(told.length, 1, 'a call that is over is not sent');
});

test('a deadline ends a stream in its middle', async (t) => {
  const port = await serve(t, { download: (call: Download) => void call.write(Buffer.from('one')) });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const call = client.download!(Buffer.from('x'), {
    deadline: Date.now() + 500,
  }) as ClientReadableStream<Buffer>;
  call.resume();
  const [error] = await once(call, 'error');
  assert.equal(error.code, status.DEADLINE_EXCEEDED);
});

test('a call that is given up is over at once here, and cancelled at the server', async (t) => {
  let cancelled = () => {};
  const isCancelled = new Promise<void>((resolve) => (cancelled = resolve));
  const port = await serve(t, {
    download(call: Download) {
      call.on('cancelled', cancelled);
      call.write(Buffer.from('one'));
    },
    unary: (call: Unary) => void call.on('cancelled', cancelled),
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const stream = client.download!(Buffer.from('x')) as ClientReadableStream<Buffer>;
  await once(stream, 'data');
  stream.cancel();
  const [error] = await once(stream, 'error');
  assert.equal(error.code, status.CANCELLED);
  await isCancelled;
  const before = client.chat!() as ClientDuplexStream<Buffer, Buffer>;
  before.cancel();
  assert.equal((await once(before, 'error'))[0].code, status.CANCELLED);
});

test('messages at the limit pass, and those over it end the call, sent or received', async (t) => {
  const port = await serve(t, echo, { 'grpc.max_receive_message_length': -1 });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const most = 100_000;
  const sends = clientOf(t, mesh, { 'grpc.max_send_message_length': most });
  const receives = clientOf(t, mesh, { 'grpc.max_receive_message_length': most });
  for (const client of [sends, receives]) {
    assert.equal((await ask(client, 'a'.repeat(most))).message.length, most);
    const { error } = await ask(client, 'a'.repeat(most + 1));
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
    assert.match(
      error?.details ?? '',
      client === sends ? /larger than 100000/ : /larger than max \(100001 vs 100000\)/,
    );
  }
  const usual = clientOf(t, mesh);
  assert.equal((await ask(usual, 'a'.repeat(4 * 1024 * 1024))).error, null);
  assert.equal((await ask(usual, 'a'.repeat(4 * 1024 * 1024 + 1))).error?.code, status.RESOURCE_EXHAUSTED);
});

for (const [name, algorithm] of Object.entries({
  gzip: compressionAlgorithms.gzip,
  deflate: compressionAlgorithms.deflate,
}))
  test(`messages are compressed both ways by ${name}`, async (t) => {
    const seen: unknown[] = [];
    const port = await serve(
      t,
      {
        unary(call: Unary, done: Done) {
          seen.push(call.metadata.get('grpc-encoding')[0]);
          done(null, call.request);
        },
        chat(call: ServerDuplexStream<Buffer, Buffer>) {
          call.on('data', (message) => call.write(message));
          call.on('end', () => call.end());
        },
      },
      { 'grpc.default_compression_algorithm': algorithm },
    );
    const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
    const client = clientOf(t, mesh, {
      'grpc.default_compression_algorithm': algorithm,
      'grpc.max_receive_message_length': 100_000,
    });
    assert.equal((await ask(client, 'a'.repeat(100_000))).message.length, 100_000);
    const { error } = await ask(client, 'a'.repeat(100_001));
    assert.equal(error?.code, status.RESOURCE_EXHAUSTED);
    const chat = client.chat!() as ClientDuplexStream<Buffer, Buffer>;
    for (let at = 0; at < 50; at += 1) chat.write(Buffer.from(`message ${at}`));
    chat.end();
    let at = 0;
    for await (const message of chat) {
      assert.equal(message.toString(), `message ${at}`);
      at += 1;
    }
    assert.equal(at, 50);
  });

test('a call that waits for ready is answered once there is somebody, and others fail at once', async (t) => {
  const port = await serve(t, echo);
  const { mesh, policyFile } = await member(t, policyTo({ endpoints: [] }));
  const client = clientOf(t, mesh);
  const { error } = await ask(client, 'x');
  assert.equal(error?.code, status.UNAVAILABLE);
  assert.match(error?.details ?? '', /UH/);
  const patient = ask(client, 'waited', new Metadata({ waitForReady: true }));
  const impatient = ask(client, 'x', new Metadata({ waitForReady: true }), { deadline: Date.now() + 100 });
  assert.equal((await impatient).error?.code, status.DEADLINE_EXCEEDED);
  await writeFile(policyFile, policyTo({ endpoints: [{ port }] }));
  assert.equal((await patient).message, 'waited');
});

test("credentials of calls bring metadata, and their failure is the call's", async (t) => {
  const port = await serve(t, {
    unary(call: Unary, done: Done) {
      done(null, Buffer.from(call.metadata.get('authorization').join()));
    },
  });
  const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
  const client = clientOf(t, mesh);
  const asked: unknown[] = [];
  const good = credentials.createFromMetadataGenerator((options, done) => {
    asked.push(options);
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer abc');
    setImmediate(done, null, metadata);
  });
  assert.equal((await ask(client, 'x', undefined, { credentials: good })).message, 'Bearer abc');
  assert.deepEqual(asked, [
    { method_name: '/test.Echo/Unary', service_url: 'https://reviews.mesh:9080/test.Echo' },
  ]);
  const bad = credentials.createFromMetadataGenerator((_options, done) => done(new Error('no token')));
  const { error } = await ask(client, 'x', undefined, { credentials: bad });
  assert.equal(error?.code, status.UNKNOWN);
  assert.match(error?.details ?? '', /no token/);
  const never = credentials.createFromMetadataGenerator(() => {});
  const late = await ask(client, 'x', undefined, { credentials: never, deadline: Date.now() + 50 });
  assert.equal(late.error?.code, status.DEADLINE_EXCEEDED);
});

/** A server of HTTP/2 that is none of gRPC. */
async function serveHttp2(
  t: TestContext,
  answer: Parameters<ReturnType<typeof createServer>['on']>[1],
): Promise<number> {
  const server = createServer();
  server.on('stream', (stream) => stream.on('error', () => {}));
  server.on('stream', answer);
  server.on('session', (session) => t.after(() => session.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

const answers: readonly (readonly [string, Parameters<typeof serveHttp2>[1], number, RegExp])[] = [
  [
    '503',
    (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
    status.UNAVAILABLE,
    /HTTP status code 503/,
  ],
  [
    '404 with a page',
    (stream) => {
      stream.respond({ ':status': 404, 'content-type': 'text/html' });
      stream.end('<html>not found</html>');
    },
    status.UNIMPLEMENTED,
    /HTTP status code 404/,
  ],
  [
    '200 with a page',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<html>hello</html>');
    },
    status.UNKNOWN,
    /text\/html/,
  ],
  [
    'no status at all',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.end();
    },
    status.UNKNOWN,
    /without a gRPC status/,
  ],
  [
    'half a message',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
    },
    status.INTERNAL,
    /middle of a message/,
  ],
  ['a reset by CANCEL', (stream) => stream.close(8), status.CANCELLED, /./],
  ['a reset by ENHANCE_YOUR_CALM', (stream) => stream.close(11), status.RESOURCE_EXHAUSTED, /./],
  ['a reset by INTERNAL_ERROR', (stream) => stream.close(2), status.INTERNAL, /./],
  ['a connection that is lost', (stream) => stream.session?.destroy(), status.UNAVAILABLE, /./],
  [
    'a text with percent signs that encode nothing',
    (stream) =>
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '9',
          'grpc-message': '100% a%2Fb %zz',
        },
        { endStream: true },
      ),
    status.FAILED_PRECONDITION,
    /^100% a\/b %zz$/,
  ],
];

for (const [name, answer, code, details] of answers)
  test(`${name} comes to ${status[code]}`, async (t) => {
    const port = await serveHttp2(t, answer);
    const { mesh } = await member(t, policyTo({ endpoints: [{ port }] }));
    const { error } = await ask(clientOf(t, mesh), 'x');
    assert.equal(error?.code, code, error?.details);
    assert.match((error as ServiceError).details, details);
  });
