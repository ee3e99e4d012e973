/** Callers that do not keep to the protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { answerOf, beginRaw, dial, dialRaw, echo, framed, serve } from './fixtures.test.helper.js';

test('bytes that are no frames close the connection, and nobody else notices', async (t) => {
  const { port } = await serve(t, echo());
  const client = dial(t, port);
  assert.equal((await client.one('before')).text, 'before');
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const garbage of ['\0'.repeat(64), 'x'.repeat(20_000), '\xff'.repeat(100)]) {
    const socket = connect(port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.on('error', () => {});
    socket.resume().end(preface + garbage, 'latin1');
    await once(socket, 'close');
  }
  assert.equal((await client.one('after')).text, 'after');
});

test('a body that is no message is an error of its call alone', async (t) => {
  const { port } = await serve(t, echo());
  const session = await dialRaw(t, port);
  const call = async (body: Buffer) => {
    const stream = beginRaw(session);
    stream.end(body);
    const { headers, trailers } = await answerOf(stream);
    return Number(trailers['grpc-status'] ?? headers['grpc-status']);
  };
  const truncated = framed('hello').subarray(0, 8);
  const huge = Buffer.from([0, 255, 255, 255, 255, 1]);
  const wrong = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from([255, 255])]);
  assert.equal(await call(huge), status.RESOURCE_EXHAUSTED);
  assert.equal(await call(wrong), status.INTERNAL);
  assert.notEqual(await call(truncated), status.OK);
  assert.notEqual(await call(Buffer.alloc(0)), status.OK);
  assert.equal(await call(framed('hello')), status.OK);
});

test('whoever does not say that it takes trailers is answered all the same', async (t) => {
  const { port } = await serve(t, echo());
  const stream = beginRaw(await dialRaw(t, port), { te: undefined });
  stream.end(framed('hello'));
  assert.equal((await answerOf(stream)).trailers['grpc-status'], '0');
});

test('what is not of the type of gRPC is told 415 on HTTP/2, too; gRPC-Web is none', async (t) => {
  const { port } = await serve(t, echo());
  const session = await dialRaw(t, port);
  for (const type of ['application/json', 'application/grpc-web', 'application/grpc-web+proto', '']) {
    const stream = beginRaw(session, { 'content-type': type });
    stream.end(framed('hello'));
    assert.equal((await answerOf(stream)).headers[':status'], 415, type);
  }
});

test('a deadline that cannot be read is an error of its call', async (t) => {
  const { port } = await serve(t, echo());
  const session = await dialRaw(t, port);
  for (const [timeout, code] of [
    ['soon', status.INTERNAL],
    ['1H', status.OK],
  ] as const) {
    const stream = beginRaw(session, { 'grpc-timeout': timeout });
    stream.end(framed('hello'));
    const { headers, trailers } = await answerOf(stream);
    assert.equal(Number(trailers['grpc-status'] ?? headers['grpc-status']), code, timeout);
  }
});

test('a caller that resets in the middle of a message leaves nothing behind', async (t) => {
  const { port, mesh } = await serve(t, echo());
  const session = await dialRaw(t, port);
  for (let i = 0; i < 20; i += 1) {
    const stream = beginRaw(session, { ':path': i % 2 === 0 ? '/test.Echo/One' : '/test.Echo/Up' });
    stream.write(framed('hello').subarray(0, 7));
    await new Promise((resolve) => setImmediate(resolve));
    stream.close(8);
    await answerOf(stream);
  }
  assert.equal((await dial(t, port).one('after')).text, 'after');
  // Would wait for whatever is under way.
  await mesh.close();
});
