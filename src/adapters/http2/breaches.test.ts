/** Peers that break the protocol: each breach ends as a failure, on every Node, and the next call is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { until } from '../outbound.test.helper.js';
import {
  ACK,
  CONTINUATION,
  client,
  DATA,
  END_HEADERS,
  END_STREAM,
  field,
  GOAWAY,
  HEADERS,
  headOf,
  OK,
  onRequest,
  PADDED,
  type Peer,
  PING,
  PRIORITY,
  PUSH_PROMISE,
  peers,
  RST_STREAM,
  read,
  SETTINGS,
  setting,
  told,
  WINDOW_UPDATE,
  words,
} from './http2.test.helper.js';

const LIMIT = { timeout: 60_000 };
const POST = { method: 'POST', body: 'x' };

const text = (value: string) => Buffer.from(value);
const head = (...fields: readonly Buffer[]) => Buffer.concat(fields);

const BREACHES: Readonly<Record<string, (peer: Peer, id: number) => void>> = {
  'a window beyond 2^31-1 of the connection': (peer) =>
    void peer.send(WINDOW_UPDATE, 0, 0, words(0x7fffffff)).send(WINDOW_UPDATE, 0, 0, words(0x7fffffff)),
  'a window beyond 2^31-1 of the stream': (peer, id) =>
    void peer.send(WINDOW_UPDATE, 0, id, words(0x7fffffff)).send(WINDOW_UPDATE, 0, id, words(0x7fffffff)),
  'a window that grows by nothing': (peer) => void peer.send(WINDOW_UPDATE, 0, 0, words(0)),
  'a window of a wrong length': (peer) => void peer.send(WINDOW_UPDATE, 0, 0, Buffer.alloc(3)),
  'DATA before a head': (peer, id) => void peer.send(DATA, 0, id, text('x')),
  'DATA for the connection': (peer) => void peer.send(DATA, 0, 0, text('x')),
  'DATA for a stream that nobody opened': (peer) => void peer.send(DATA, 0, 99, text('x')),
  'DATA for a stream of the peer': (peer) => void peer.send(DATA, 0, 2, text('x')),
  'a head for the connection': (peer) => void peer.send(HEADERS, END_HEADERS, 0, OK),
  'a head for a stream that nobody opened': (peer) => void peer.send(HEADERS, END_HEADERS, 99, OK),
  'a head with more padding than bytes': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS | PADDED, id, Buffer.from([200, 0x88])),
  'a pushed stream': (peer, id) =>
    void peer.send(PUSH_PROMISE, END_HEADERS, id, Buffer.concat([words(2), Buffer.from([0x82])])),
  'a promise of a wrong length': (peer, id) => void peer.send(PUSH_PROMISE, END_HEADERS, id, Buffer.alloc(1)),
  'a head that no HPACK could be': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
  'a field of HPACK that is not in the table': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, Buffer.from([0x88, 0xff, 0])),
  'half a field of HPACK': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, Buffer.from([0x88, 0, 5, 0x61])),
  'a table of HPACK larger than allowed': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, Buffer.from([0x3f, 0xe1, 0xff, 0x3f, 0x88])),
  'a Huffman code that is none': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, Buffer.from([0x88, 0, 0x81, 0xff, 1, 0x61])),
  'a head without a status': (peer, id) => void peer.send(HEADERS, END_HEADERS, id, field('a', 'b')),
  'a head with two statuses': (peer, id) => void peer.send(HEADERS, END_HEADERS, id, head(OK, OK)),
  'a status after a field': (peer, id) => void peer.send(HEADERS, END_HEADERS, id, head(field('a', 'b'), OK)),
  'a status that is no number': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, field(':status', 'abc')),
  'a status below 100': (peer, id) => void peer.send(HEADERS, END_HEADERS, id, field(':status', '099')),
  'a status of 101, which HTTP/2 has not': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, field(':status', '101')),
  'a field of HTTP/1.1': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, head(OK, field('connection', 'close'))),
  'a field in capitals': (peer, id) => void peer.send(HEADERS, END_HEADERS, id, head(OK, field('Abc', 'd'))),
  'an informational head that ends the stream': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS | END_STREAM, id, field(':status', '103')),
  'a frame larger than allowed': (peer, id) => void peer.send(DATA, 0, id, Buffer.alloc(20_000)),
  'settings of a wrong length': (peer) => void peer.send(SETTINGS, 0, 0, Buffer.alloc(5)),
  'settings of a stream': (peer, id) => void peer.send(SETTINGS, 0, id),
  'settings acknowledged with settings': (peer) => void peer.send(SETTINGS, ACK, 0, Buffer.alloc(6)),
  'settings acknowledged that nobody made': (peer) => void peer.send(SETTINGS, ACK, 0),
  'a smallest frame below the least': (peer) => void peer.send(SETTINGS, 0, 0, setting(5, 1)),
  'a first window beyond 2^31-1': (peer) => void peer.send(SETTINGS, 0, 0, setting(4, 0xffffffff)),
  'a flood of settings': (peer) => {
    for (let time = 0; time < 3_000; time += 1) peer.send(SETTINGS, 0, 0);
    // Whoever is not told off would wait for ever.
    peer.socket.end();
  },
  'a ping of a wrong length': (peer) => void peer.send(PING, 0, 0, Buffer.alloc(7)),
  'a ping of a stream': (peer, id) => void peer.send(PING, 0, id, Buffer.alloc(8)),
  'a reset of a wrong length': (peer, id) => void peer.send(RST_STREAM, 0, id, Buffer.alloc(3)),
  'a reset of the connection': (peer) => void peer.send(RST_STREAM, 0, 0, words(1)),
  'a reset of a stream that nobody opened': (peer) => void peer.send(RST_STREAM, 0, 99, words(1)),
  'a priority of a wrong length': (peer, id) => void peer.send(PRIORITY, 0, id, Buffer.alloc(3)),
  'a GOAWAY of a wrong length': (peer) => void peer.send(GOAWAY, 0, 0, Buffer.alloc(4)),
  'a GOAWAY of a stream': (peer, id) => void peer.send(GOAWAY, 0, id, words(0, 0)),
  'CONTINUATION of nothing': (peer, id) => void peer.send(CONTINUATION, END_HEADERS, id, OK),
  'CONTINUATION of another stream': (peer, id) =>
    void peer.send(HEADERS, 0, id, OK).send(CONTINUATION, END_HEADERS, id + 2, OK),
  'a ping in the middle of a head': (peer, id) =>
    void peer.send(HEADERS, 0, id, OK).send(PING, 0, 0, Buffer.alloc(8)),
  'CONTINUATION without end': (peer, id) => {
    peer.send(HEADERS, 0, id, OK);
    for (let time = 0; time < 200; time += 1)
      peer.send(CONTINUATION, 0, id, field(`x-${time}`, 'y'.repeat(100)));
  },
  'more fields than are bearable': (peer, id) => headOf(peer, id, [OK, ...fieldsOf(1_100, 20)], 0),
  'more bytes of fields than are bearable': (peer, id) => headOf(peer, id, [OK, ...fieldsOf(700, 100)], 0),
};

function fieldsOf(count: number, bytes: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) => field(`x-${index}`, 'y'.repeat(bytes)));
}

for (const [what, breach] of Object.entries(BREACHES)) {
  test(`${what}: a failure that may have been sent, and the next call is answered`, LIMIT, async (t) => {
    const clock = new FakeClock();
    let breached = false;
    const served = await peers(
      t,
      onRequest((peer, id) => {
        if (breached) peer.answer(id);
        else {
          breached = true;
          breach(peer, id);
        }
      }),
    );
    const { send, transport } = client(t, served.port, {}, clock);
    let over = false;
    const sending = send(POST).finally(() => {
      over = true;
    });
    await until(() => breached);
    await until(() => {
      clock.advance(100);
      return over;
    });
    const outcome = await sending;
    assert.equal(outcome.kind, 'failed', what);
    if (outcome.kind === 'failed') assert.equal(outcome.sent, 'maybe');
    assert.deepEqual(await told(send()), [200, 'ok']);
    await transport.close();
    assert.equal(clock.pending, 0);
  });
}

const IN_A_BODY: Readonly<Record<string, (peer: Peer, id: number) => void>> = {
  'trailers that do not end the stream': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, OK).send(HEADERS, END_HEADERS, id, field('a', 'b')),
  'trailers with a status': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, OK).send(HEADERS, END_HEADERS | END_STREAM, id, OK),
  'more trailers than are bearable': (peer, id) => {
    peer.send(HEADERS, END_HEADERS, id, OK).send(DATA, 0, id, text('x'));
    headOf(peer, id, fieldsOf(1_100, 20), END_STREAM);
  },
  'more bytes of trailers than are bearable': (peer, id) => {
    peer.send(HEADERS, END_HEADERS, id, OK).send(DATA, 0, id, text('x'));
    headOf(peer, id, fieldsOf(700, 100), END_STREAM);
  },
  'a body shorter than declared': (peer, id) =>
    void peer
      .send(HEADERS, END_HEADERS, id, head(OK, field('content-length', '2')))
      .send(DATA, END_STREAM, id, text('a')),
  'a body longer than declared': (peer, id) =>
    void peer
      .send(HEADERS, END_HEADERS, id, head(OK, field('content-length', '2')))
      .send(DATA, END_STREAM, id, text('abc')),
  'two lengths': (peer, id) =>
    void peer
      .send(HEADERS, END_HEADERS, id, head(OK, field('content-length', '2'), field('content-length', '3')))
      .send(DATA, END_STREAM, id, text('abc')),
  'DATA with more padding than bytes': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, OK).send(DATA, PADDED, id, Buffer.from([9, 1])),
  'a frame in the body larger than allowed': (peer, id) =>
    void peer.send(HEADERS, END_HEADERS, id, OK).send(DATA, 0, id, Buffer.alloc(20_000)),
};

for (const [what, breach] of Object.entries(IN_A_BODY)) {
  test(`${what}: the call or its body fails, and the next call is answered`, LIMIT, async (t) => {
    const clock = new FakeClock();
    let breached = false;
    const served = await peers(
      t,
      onRequest((peer, id) => {
        if (breached) peer.answer(id);
        else {
          breached = true;
          breach(peer, id);
        }
      }),
    );
    const { send, transport } = client(t, served.port, {}, clock);
    let over = false;
    const ended = (async () => {
      const outcome = await send();
      if (outcome.kind === 'response') await assert.rejects(read(outcome.body));
      else assert.equal(outcome.kind === 'failed' && outcome.code, 'HEDDLE_PROTOCOL_ERROR');
    })().finally(() => {
      over = true;
    });
    await until(() => breached);
    await until(() => {
      clock.advance(100);
      return over;
    });
    await ended;
    assert.deepEqual(await told(send()), [200, 'ok']);
    await transport.close();
    assert.equal(clock.pending, 0);
  });
}

test(
  'a breach while nothing is under way costs the next call nothing but a new connection',
  LIMIT,
  async (t) => {
    const clock = new FakeClock();
    const served = await peers(
      t,
      onRequest((peer, id) => void peer.answer(id)),
    );
    const { send } = client(t, served.port, {}, clock);
    assert.deepEqual(await told(send()), [200, 'ok']);
    const peer = served.peers[0]!;
    peer.send(DATA, 0, 99, text('x'));
    await until(() => {
      clock.advance(100);
      return served.sockets.size === 0;
    });
    assert.deepEqual(await told(send(POST)), [200, 'ok']);
  },
);

test('a peer that is slow and keeps to the protocol is left alone', LIMIT, async (t) => {
  const clock = new FakeClock();
  const served = await peers(
    t,
    onRequest((peer, id) => {
      if (id > 1) peer.answer(id);
    }),
  );
  const { send } = client(t, served.port, {}, clock);
  const slow = told(send(POST));
  await until(() => served.peers[0]?.seen(HEADERS).length === 1);
  const peer = served.peers[0]!;
  for (let time = 0; time < 20; time += 1) {
    peer.send(PING, 0, 0, Buffer.alloc(8));
    await until(() => peer.seen(PING).length === time + 1);
    clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  peer.answer(1);
  assert.deepEqual(await slow, [200, 'ok']);
  assert.deepEqual(await told(send()), [200, 'ok']);
  assert.equal(served.peers.length, 1);
});
