/** What a server of grpc-js is protected from behind the mesh, and what it is not kept from. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ServerWritableStream, status } from '@grpc/grpc-js';
import {
  ADMIT_ALL,
  answerOf,
  beginRaw,
  dial,
  dialRaw,
  echo,
  failureOf,
  framed,
  type Line,
  linesOf,
  serve,
  service,
} from './fixtures.test.helper.js';

const MIB = 1_024 * 1_024;

function limited(limits = '[{ requests: 2, per: 1h }]'): string {
  return `${ADMIT_ALL}---
apiVersion: heddle.dev/v1
kind: RateLimit
metadata: { name: limit, namespace: default }
spec: { selector: {}, limits: ${limits} }
`;
}

test('calls over a rate limit are UNAVAILABLE, and the fields of the limit come with them', async (t) => {
  const { port } = await serve(t, echo(), { policy: limited() });
  const client = dial(t, port, { 'grpc.enable_retries': 0 });
  for (const text of ['a', 'b']) assert.equal((await client.one(text)).text, text);
  const error = await failureOf(client.one('c'));
  assert.equal(error.code, status.UNAVAILABLE);
  assert.equal(error.details, 'local_rate_limited');
  assert.deepEqual(error.metadata.get('x-envoy-ratelimited'), ['true']);
});

test('calls over a limit that says so are RESOURCE_EXHAUSTED', async (t) => {
  const limits = '[{ requests: 1, per: 1h, rateLimitedAsResourceExhausted: true }]';
  const { port } = await serve(t, echo(), { policy: limited(limits) });
  const client = dial(t, port);
  assert.equal((await client.one('a')).text, 'a');
  assert.equal((await failureOf(client.one('b'))).code, status.RESOURCE_EXHAUSTED);
});

test('messages as large as grpc-js lets them be get through, and larger ones are RESOURCE_EXHAUSTED', async (t) => {
  const { port } = await serve(t, echo());
  const client = dial(t, port, { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  // The default of grpc-js is 4 MiB, and what is around the text takes five bytes.
  const most = 'x'.repeat(4 * MIB - 5);
  assert.equal(framed(most).length, 4 * MIB + 5);
  assert.equal((await client.one(most)).text.length, most.length);
  const error = await failureOf(client.one(`${most}x`));
  assert.equal(error.code, status.RESOURCE_EXHAUSTED);
  assert.equal((await client.one('after')).text, 'after');
});

test('many large answers at once over one connection get through', async (t) => {
  const { port } = await serve(t, echo({}, { 'grpc.max_receive_message_length': -1 }));
  const client = dial(t, port, { 'grpc.max_receive_message_length': -1 });
  const large = 'x'.repeat(4 * MIB);
  const answers = await Promise.all(Array.from({ length: 12 }, () => client.one(large)));
  for (const { text } of answers) assert.equal(text.length, large.length);
});

test('answers that wait for a slow reader do not break other calls of its connection off', async (t) => {
  const large = { text: 'x'.repeat(4 * MIB) };
  const server = echo({
    One: (_call: unknown, callback: (error: null, value: Line) => void) => callback(null, large),
  } as never);
  const { port } = await serve(t, server);
  const session = await dialRaw(t, port);
  const streams = [];
  for (let i = 0; i < 12; i += 1) {
    const stream = beginRaw(session);
    stream.pause();
    stream.end(framed(''));
    await Promise.race([once(stream, 'response'), once(stream, 'close')]);
    assert.equal(stream.closed, false);
    streams.push(stream);
  }
  for (const stream of streams) assert.equal((await answerOf(stream)).trailers['grpc-status'], '0');
});

test('a reader that is slow holds back the handler that writes', async (t) => {
  let written = 0;
  const server = echo({
    Down: async (call: ServerWritableStream<Line, Line>) => {
      const text = 'x'.repeat(MIB / 4);
      for (written = 0; written < 400; written += 1)
        if (!call.write({ text })) await once(call, 'drain').catch(() => {});
      call.end();
    },
  } as never);
  const { port } = await serve(t, server);
  const session = await dialRaw(t, port);
  const stream = beginRaw(session, { ':path': '/test.Echo/Down' });
  stream.pause();
  stream.end(framed(''));
  await once(stream, 'response');
  // As much as the window takes, and what is queued behind it.
  let before = -1;
  for (let quiet = 0; quiet < 50; quiet = written === before ? quiet + 1 : 0) {
    before = written;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(written < 100, String(written));
  const answer = await answerOf(stream);
  assert.equal(answer.trailers['grpc-status'], '0');
  assert.equal(written, 400);
});

test('messages that are compressed are read', async (t) => {
  const { port } = await serve(t, echo());
  assert.equal(
    (await dial(t, port, { 'grpc.default_compression_algorithm': 2 }).one('zipped')).text,
    'zipped',
  );
  const text = 'long '.repeat(1_000);
  const packed = gzipSync(service.One.requestSerialize({ text }));
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(packed.length, 1);
  const stream = beginRaw(await dialRaw(t, port), { 'grpc-encoding': 'gzip' });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.end(Buffer.concat([prefix, packed]));
  assert.equal((await answerOf(stream)).trailers['grpc-status'], '0');
  assert.deepEqual(Buffer.concat(chunks), framed(text));
});

test('a call of gRPC may stream for longer than a request of HTTP may take', async (t) => {
  const { port } = await serve(t, echo(), { listen: { requestTimeoutMs: 20 } });
  const client = dial(t, port);
  const stream = client.both();
  const began = Date.now();
  while (Date.now() - began < 200) {
    stream.write({ text: 'still here' });
    await once(stream, 'data');
  }
  stream.end();
  assert.deepEqual(await linesOf(stream), []);
});
