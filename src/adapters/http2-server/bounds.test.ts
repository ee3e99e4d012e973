import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import { before, test } from 'node:test';
import { RawClient, until } from '../../inbound/fixtures.test.js';
import { type Authorities, newAuthorities, serve } from '../node-http/fixtures.test.js';
import { Bounds } from './bounds.js';
import { answerOf, ask, begin, dial } from './fixtures.test.helper.js';

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants;
let own: Authorities;
before(async () => {
  own = await newAuthorities();
});

const hangs = () => {};

function goawayOf(session: http2.ClientHttp2Session): Promise<number> {
  return new Promise((resolve) => session.once('goaway', resolve));
}

test('streams taken back are counted from the five hundredth on, and only if they were young and most of all', () => {
  const bounds = new Bounds();
  for (let count = 0; count < 499; count += 1) {
    bounds.streamBegan();
    assert.equal(bounds.streamReset(0), false);
  }
  bounds.streamBegan();
  assert.equal(bounds.streamReset(0), true);
  const patient = new Bounds();
  for (let count = 0; count < 2_000; count += 1) {
    patient.streamBegan();
    assert.equal(patient.streamReset(1_000), false);
  }
  const half = new Bounds();
  for (let count = 0; count < 2_000; count += 1) {
    half.streamBegan();
    half.streamBegan();
    assert.equal(half.streamReset(0), false);
  }
});

test('pings are forgiven with time, with requests and with bodies, and a thousand too many are not', () => {
  const bounds = new Bounds();
  const ping = (times: number, now: number) =>
    Array.from({ length: times }, () => bounds.controlled(now)).at(-1);
  assert.equal(ping(1_000, 0), false);
  assert.equal(ping(1, 0), true);
  bounds.streamBegan();
  assert.equal(ping(1_000, 0), false);
  bounds.received();
  assert.equal(ping(1_000, 0), false);
  assert.equal(ping(10, 1_000), false);
  assert.equal(ping(1, 1_000), true);
});

test('rapid resets: a connection whose streams are taken back at once is told to calm down and closed', async (t) => {
  const { mesh, port } = await serve(t, own, { target: hangs });
  const session = await dial(t, port);
  const goaway = goawayOf(session);
  const closed = once(session, 'close').catch(() => {});
  for (let count = 0; count < 600 && !session.destroyed; count += 1) {
    const stream = begin(session, { ':path': '/' });
    const takeBack = () => stream.close(NGHTTP2_CANCEL);
    if (stream.pending) stream.once('ready', takeBack);
    else setImmediate(takeBack);
    if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await goaway, NGHTTP2_ENHANCE_YOUR_CALM);
  await closed;
  await until(() => mesh.path.open.size === 0);
  assert.match(mesh.warnings.join('\n'), /HTTP2_RAPID_RESET/);
});

test('a flood of pings is ended', async (t) => {
  const { mesh, port } = await serve(t, own, { target: hangs });
  const session = await dial(t, port);
  const goaway = goawayOf(session);
  const ping = () => !session.destroyed && session.ping((error) => error === null && ping());
  for (let count = 0; count < 8; count += 1) ping();
  assert.equal(await goaway, NGHTTP2_ENHANCE_YOUR_CALM);
  assert.match(mesh.warnings.join('\n'), /HTTP2_CONTROL_FLOOD/);
});

test('a flood of settings is ended', async (t) => {
  const { mesh, port } = await serve(t, own, { target: hangs });
  const caller = await RawClient.connect(port);
  caller.say('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  for (let count = 0; count < 20 && !caller.socket.destroyed; count += 1) {
    caller.say('\0\0\0\x04\0\0\0\0\0'.repeat(100));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await caller.closed;
  assert.match(mesh.warnings.join('\n'), /HTTP2_CONTROL_FLOOD/);
});

test('a connection carries as many streams as it may at once; one more waits or is refused', async (t) => {
  const { mesh, port } = await serve(t, own, { target: hangs, options: { maxConcurrentStreams: 3 } });
  const session = await dial(t, port);
  assert.equal(session.remoteSettings.maxConcurrentStreams, 3);
  for (let count = 0; count < 5; count += 1) begin(session, { ':path': '/' }).end();
  await until(() => mesh.started.length === 3);
  await new Promise((resolve) => session.ping(resolve));
  assert.equal(mesh.started.length, 3);
});

test('a head that is too large ends its stream, not the connection', async (t) => {
  const { mesh, port } = await serve(t, own, { options: { maxHeaderBytes: 8_192 } });
  const session = await dial(t, port);
  const large = await ask(session, { 'x-large': 'y'.repeat(10_000) });
  assert.notEqual(large.resetCode, NGHTTP2_NO_ERROR);
  assert.equal((await ask(session)).status, 200);
  assert.equal(mesh.started.length, 1);
});

test('a connection without streams is closed when its time is up, and not while it carries one', async (t) => {
  let answer: ServerResponse | undefined;
  const { mesh, port } = await serve(t, own, {
    options: { keepAliveTimeoutMs: 1_000 },
    target: (_request: IncomingMessage, response: ServerResponse) => {
      answer = response;
    },
  });
  const session = await dial(t, port);
  const stream = begin(session, { ':path': '/' });
  const heard = answerOf(stream);
  stream.end();
  await until(() => answer !== undefined);
  mesh.clock.advance(5_000);
  answer!.end('still here');
  assert.equal((await heard).body, 'still here');
  await mesh.endedBy(1);
  const goaway = goawayOf(session);
  const closed = once(session, 'close').catch(() => {});
  mesh.clock.advance(1_000);
  assert.equal(await goaway, NGHTTP2_NO_ERROR);
  // A caller without streams may have stopped listening, and answers no ping.
  mesh.clock.advance(300);
  await closed;
});

test('an upload that trickles is answered 408 when its time is up, and its handler does no harm', async (t) => {
  const { mesh, port } = await serve(t, own, {
    options: { requestTimeoutMs: 1_000 },
    target: async (request: IncomingMessage, response: ServerResponse) => {
      try {
        for await (const _ of request);
        response.end('in time');
      } catch {
        response.writeHead(500).end('too late');
      }
    },
  });
  const session = await dial(t, port);
  const stream = begin(session, { ':path': '/', ':method': 'POST' });
  const heard = answerOf(stream);
  stream.write('a');
  await until(() => mesh.started[0]?.bytesReceived === 1);
  mesh.clock.advance(1_000);
  assert.equal((await heard).status, 408);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.refusal?.because, 'request_overall_timeout');
  assert.equal((await ask(session, { ':method': 'GET' })).status, 200);
});

test('draining: streams under way finish, requests on their way are still taken, and then the connection ends', async (t) => {
  const answers: ServerResponse[] = [];
  const { mesh, port, listening } = await serve(t, own, {
    target: (_request: IncomingMessage, response: ServerResponse) => answers.push(response),
  });
  const session = await dial(t, port);
  const goaways: number[] = [];
  session.on('goaway', (_code, last) => goaways.push(last));
  const first = begin(session, { ':path': '/' });
  const heard = answerOf(first);
  first.end();
  await until(() => answers.length === 1);
  const closed = listening.close(10_000);
  await until(() => goaways.length > 0);
  assert.equal(goaways[0], 2 ** 31 - 1);
  await until(() => goaways.length > 1);
  answers[0]!.end('finished');
  assert.equal((await heard).body, 'finished');
  await closed;
  assert.equal((await mesh.endedBy(1))[0]?.flags.size, 0);
});
