/** Calls of gRPC on a port of the mesh, as far as HTTP/2 knows them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { before, type TestContext, test } from 'node:test';
import { denyPaths, inboundPolicy, until } from '../../inbound/fixtures.test.js';
import { type Authorities, newAuthorities, serve } from '../node-http/fixtures.test.js';
import { answerOf, ask, begin, dial } from './fixtures.test.helper.js';

let own: Authorities;
before(async () => {
  own = await newAuthorities();
});

const CALL = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

/** Two messages, of which the second is empty. */
const MESSAGES = Buffer.from([0, 0, 0, 0, 2, 65, 66, 0, 0, 0, 0, 0]);

/** Answers with one message, and with the status that the path ends with; if it is none, not at all. */
function grpcServer() {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const status = Number(headers[':path']?.split('/').at(-1));
    if (Number.isNaN(status)) return;
    const fields = { ':status': 200, 'content-type': 'application/grpc' };
    if (headers['x-at-once'] !== undefined) {
      stream.respond({ ...fields, 'grpc-status': status }, { endStream: true });
      return;
    }
    stream.resume();
    stream.once('end', () => {
      stream.respond(fields, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      stream.end(MESSAGES.subarray(0, 7));
    });
  });
  return server;
}

const page = (_request: IncomingMessage, response: ServerResponse) => response.end('page');

test('calls of gRPC get to the server for it, all else to the target, and policy is asked before either', async (t) => {
  const grpc = grpcServer();
  const sessions: unknown[] = [];
  grpc.on('session', (session) => sessions.push(session));
  const policy = inboundPolicy({ authorization: denyPaths('/s/Denied') });
  const { port } = await serve(t, own, { policy, target: page, options: { grpc } });
  const session = await dial(t, port);
  assert.equal((await ask(session, { ...CALL, ':path': '/s/0' })).trailers['grpc-status'], '0');
  assert.equal((await ask(session, { ':path': '/s/0' })).body, 'page');
  const web = { ...CALL, ':path': '/s/0', 'content-type': 'application/grpc-web' };
  assert.equal((await ask(session, web)).body, 'page');
  const denied = await ask(session, { ...CALL, ':path': '/s/Denied' });
  assert.equal(denied.status, 200);
  assert.equal(denied.headers['grpc-status'], '7');
  assert.equal(denied.headers['grpc-message'], 'RBAC: access denied');
  assert.equal(sessions.length, 1);
});

test('what a call ended with is read from its trailers, or from a head that is all there is', async (t) => {
  const { mesh, port } = await serve(t, own, { target: page, options: { grpc: grpcServer() } });
  const session = await dial(t, port);
  const stream = begin(session, { ...CALL, ':path': '/s/5' });
  // In pieces that do not end where messages do.
  for (const part of [MESSAGES.subarray(0, 3), MESSAGES.subarray(3, 8)]) stream.write(part);
  stream.end(MESSAGES.subarray(8));
  assert.equal((await answerOf(stream)).trailers['grpc-status'], '5');
  assert.equal(
    (await ask(session, { ...CALL, ':path': '/s/9', 'x-at-once': '1' })).headers['grpc-status'],
    '9',
  );
  await ask(session, { ':path': '/s/0' });
  const ended = (await mesh.endedBy(3)).map(({ grpc }) =>
    grpc === null ? null : [grpc.status, grpc.requests.count, grpc.responses.count],
  );
  assert.deepEqual(ended, [[5, 2, 1], [9, 0, 0], null]);
});

test('a call that is answered before its caller has sent all is complete; one that is taken back is not', async (t) => {
  const { mesh, port } = await serve(t, own, { target: page, options: { grpc: grpcServer() } });
  const session = await dial(t, port);
  const early = begin(session, { ...CALL, ':path': '/s/3', 'x-at-once': '1' });
  early.once('response', () => early.close(http2.constants.NGHTTP2_CANCEL));
  await answerOf(early);
  const [first] = await mesh.endedBy(1);
  assert.deepEqual([first?.grpc?.status, first?.flagged], [3, false]);
  const back = begin(session, { ...CALL, ':path': '/s/Never' });
  await until(() => mesh.started.length === 2);
  back.close(http2.constants.NGHTTP2_CANCEL);
  await answerOf(back);
  const second = (await mesh.endedBy(2))[1];
  assert.deepEqual([second?.grpc?.status, second?.flags.has('DC')], [null, true]);
});

test('that retries were spent is said with a failure in trailers, too, and with no other answer', async (t) => {
  const grpc = grpcServer();
  grpc.prependListener('stream', () => mesh.ambient.getStore()!.spendRetries());
  const { mesh, port } = await serve(t, own, { target: page, options: { grpc } });
  const session = await dial(t, port);
  const failed = await ask(session, { ...CALL, ':path': '/s/14' });
  assert.deepEqual(
    [failed.headers['x-heddle-retries'], failed.trailers['x-heddle-retries']],
    [undefined, 'spent'],
  );
  const atOnce = await ask(session, { ...CALL, ':path': '/s/14', 'x-at-once': '1' });
  assert.equal(atOnce.headers['x-heddle-retries'], 'spent');
  const good = await ask(session, { ...CALL, ':path': '/s/0' });
  assert.equal(good.trailers['x-heddle-retries'], undefined);
});

test('a call may take longer than a request of HTTP, whose slow bodies are not waited for', async (t) => {
  const options = { grpc: grpcServer(), requestTimeoutMs: 1_000 };
  const read = (request: IncomingMessage, response: ServerResponse) =>
    request.resume().on('end', () => response.end('read'));
  const { mesh, port } = await serve(t, own, { target: read, options });
  const session = await dial(t, port);
  const call = begin(session, { ...CALL, ':path': '/s/0' });
  const upload = begin(session, { ':method': 'POST', ':path': '/up' });
  for (const stream of [call, upload]) stream.write('x');
  await until(() => mesh.started.length === 2);
  mesh.clock.advance(1_000);
  assert.equal((await answerOf(upload)).status, 408);
  call.end();
  assert.equal((await answerOf(call)).trailers['grpc-status'], '0');
});

test('an answer without a body reaches a caller whose own nobody reads', async (t) => {
  const none = (_request: IncomingMessage, response: ServerResponse) => response.writeHead(404).end();
  const { port } = await serve(t, own, { target: none });
  const session = await dial(t, port);
  const stream = begin(session, { ':method': 'POST', ':path': '/' });
  stream.write('x'.repeat(100_000));
  const { status, resetCode } = await answerOf(stream);
  assert.deepEqual([status, resetCode], [404, http2.constants.NGHTTP2_NO_ERROR]);
});

test('the end of the port is told once, and when nothing is left of it', async (t) => {
  const told: string[] = [];
  const onClose = (closed: Promise<void>) => {
    told.push('closing');
    void closed.then(() => told.push('closed'));
  };
  const { listening } = await serve(t, own, { target: page, options: { onClose } });
  assert.deepEqual(told, []);
  await Promise.all([listening.close(0), listening.close(0)]);
  await until(() => told.length === 2);
  assert.deepEqual(told, ['closing', 'closed']);
});

test('a caller whose first bytes hold all of a call is served in the frame of its exchange, and counted whole', async (t) => {
  const grpc = http2.createServer();
  const seen: unknown[] = [];
  const listening = (stream: http2.ServerHttp2Stream) => {
    const told = (event: string) => seen.push([event, mesh.ambient.getStore()?.grpc != null]);
    stream.on('data', () => told('data'));
    stream.once('end', () => {
      told('end');
      stream.respond({ ':status': 200, 'grpc-status': 0 }, { endStream: true });
    });
  };
  grpc.on('stream', listening);
  const { mesh, port } = await serve(t, own, { target: page, options: { grpc } });
  const socket = await allAtOnce(t, port);
  const session = http2.connect('http://reviews', { createConnection: () => socket });
  t.after(() => session.destroy());
  const stream = begin(session, { ...CALL, ':path': '/s/0' });
  stream.end(MESSAGES);
  assert.equal((await answerOf(stream)).headers['grpc-status'], '0');
  assert.deepEqual(seen, [
    ['data', true],
    ['end', true],
  ]);
  const [exchange] = await mesh.endedBy(1);
  assert.deepEqual([exchange?.grpc?.requests.count, exchange?.bytesReceived], [2, MESSAGES.length]);
});

/** A connection whose first writes go out together. */
async function allAtOnce(t: TestContext, port: number): Promise<Duplex> {
  const wire = connectTcp(port, '127.0.0.1');
  t.after(() => wire.destroy());
  await once(wire, 'connect');
  wire.cork();
  setTimeout(() => wire.uncork(), 50);
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      wire.write(chunk);
      done();
    },
  });
  wire.on('data', (chunk: Buffer) => socket.push(chunk));
  return socket;
}
