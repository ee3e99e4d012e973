/** Data that Node tells of before the head: as it does where it reads in the middle of JavaScript, and TLS that writes reads, too. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { EndpointState } from '../../model/endpoint-state.js';
import type { Outcome } from '../../model/outcome.js';
import { testAttempt, testCall } from '../../model/testing.js';
import type { Carrier } from './carrier.js';
import { destinationOf, serveHttp2, told } from './http2.test.helper.js';
import { StreamAttempt } from './stream-attempt.js';

test('a body that is told of before its head arrives whole', { timeout: 60_000 }, async (t) => {
  const { port } = await serveHttp2(t, (_request, response) => {
    response.setHeader('content-length', 10);
    response.write('hello');
    response.end('world');
  });
  const socket = connectTcp(port, '127.0.0.1');
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  const session = connect('http://localhost', { createConnection: () => inOnePiece(socket) });
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  const outcome = new Promise<Outcome>((resolve) => {
    const attempt = testAttempt(testCall(), new EndpointState(destinationOf(port), 0));
    assert.equal(
      new StreamAttempt(attempt, (ended) => resolve(ended as Outcome)).start(CARRIER, session),
      'running',
    );
  });
  assert.deepEqual(await told(outcome), [200, 'helloworld']);
});

/** Hands over what has come in one piece, from JavaScript. */
function inOnePiece(socket: Duplex): Duplex {
  let come: Buffer[] = [];
  const handOver = () => {
    if (come.length === 0) return;
    outside.push(Buffer.concat(come));
    come = [];
  };
  const outside = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
  });
  socket.on('data', (chunk: Buffer) => {
    come.push(chunk);
    // Until the answer is here from its first byte to its last.
    if (come.length === 1) setTimeout(handOver, 50);
  });
  return outside;
}

const CARRIER: Carrier = {
  scheme: 'http',
  lost: null,
  answers: 0,
  ended() {},
  resend() {},
  leave() {},
  now: () => 0,
};
