/** Peers that end streams and connections, as HTTP/2 lets them and as it does not. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { FakeClock } from '../../base/testing.js';
import { StreamBody } from '../../model/request-body.js';
import { deadPort, until } from '../outbound.test.helper.js';
import {
  client,
  DATA,
  END_HEADERS,
  GOAWAY,
  HEADERS,
  OK,
  onRequest,
  PING,
  peers,
  RST_STREAM,
  read,
  SETTINGS,
  setting,
  told,
  words,
} from './http2.test.helper.js';

const LIMIT = { timeout: 60_000 };
const POST = { method: 'POST', body: 'x' };

test('an answer comes back, and the next one by the same connection', LIMIT, async (t) => {
  const served = await peers(
    t,
    onRequest((peer, id) => void peer.answer(id)),
  );
  const { send } = client(t, served.port);
  for (let time = 0; time < 3; time += 1) assert.deepEqual(await told(send(POST)), [200, 'ok']);
  assert.equal(served.peers.length, 1);
});

test('nobody there: a failed connection, nothing sent, asked once', LIMIT, async (t) => {
  const { send } = client(t, await deadPort());
  assert.deepEqual(await told(send(POST)), ['connection-failure', 'no']);
});

for (const [what, greeting] of [
  ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['zeros', '\0'.repeat(64)],
] as const) {
  test(
    `a peer that answers the preface with ${what} breaks the protocol, and nothing was sent`,
    LIMIT,
    async (t) => {
      const served = await peers(
        t,
        () => {},
        (peer) => void peer.socket.write(greeting),
      );
      const { send } = client(t, served.port);
      const outcome = await send(POST);
      assert.equal(outcome.kind, 'failed');
      if (outcome.kind !== 'failed') return;
      assert.deepEqual([outcome.code, outcome.sent], ['HEDDLE_PROTOCOL_ERROR', 'no']);
      await until(() => served.sockets.size === 0);
    },
  );
}

test('a peer that closes at once was not reached, and was asked once', LIMIT, async (t) => {
  const served = await peers(
    t,
    () => {},
    (peer) => peer.socket.destroy(),
  );
  const { send } = client(t, served.port);
  assert.deepEqual(await told(send(POST)), ['connection-failure', 'no']);
  assert.equal(served.peers.length, 1);
});

test('a peer that never sends its settings is given up after the connect timeout', LIMIT, async (t) => {
  const clock = new FakeClock();
  const served = await peers(
    t,
    () => {},
    (peer) => {
      peer.obliging = false;
    },
  );
  const { send } = client(t, served.port, { connectTimeoutMs: 500 }, clock);
  const sending = send(POST);
  await until(() => served.peers[0]?.seen(SETTINGS).length === 1);
  clock.advance(499);
  assert.equal(served.sockets.size, 1);
  clock.advance(1);
  assert.deepEqual(await told(sending), ['connection-timeout', 'no']);
  assert.equal(clock.pending, 0);
  assert.equal(served.peers.length, 1);
});

test('a peer that goes away before its settings was not reached', LIMIT, async (t) => {
  const served = await peers(
    t,
    () => {},
    (peer) => void peer.send(SETTINGS, 0, 0, setting(3, 0)).goaway(0, 11).socket.end(),
  );
  const { send } = client(t, served.port, { connectTimeoutMs: 2_000 });
  const [reset, sent] = await told(send(POST));
  assert.equal(sent, 'no', String(reset));
});

const RESETS = [
  [0, 'remote-reset', 'maybe'],
  [1, 'protocol-error', 'maybe'],
  [2, 'remote-reset', 'maybe'],
  [3, 'protocol-error', 'maybe'],
  [5, 'protocol-error', 'maybe'],
  [7, 'refused-stream', 'no'],
  [8, 'remote-reset', 'maybe'],
  [11, 'protocol-error', 'maybe'],
  [13, 'protocol-error', 'maybe'],
  [0xdead, 'remote-reset', 'maybe'],
] as const;

for (const [code, reset, sent] of RESETS) {
  test(
    `a stream reset with code ${code} is ${reset}, sent: ${sent}; the connection goes on`,
    LIMIT,
    async (t) => {
      const served = await peers(
        t,
        onRequest((peer, id) => {
          if (id === 1) peer.send(RST_STREAM, 0, id, words(code));
          else peer.answer(id);
        }),
      );
      const { send } = client(t, served.port);
      assert.deepEqual(await told(send(POST)), [reset, sent]);
      assert.deepEqual(await told(send()), [200, 'ok']);
      assert.equal(served.peers.length, 1);
    },
  );

  test(`a body whose stream is reset with code ${code} fails: half of it is not all`, LIMIT, async (t) => {
    const served = await peers(
      t,
      onRequest(
        (peer, id) =>
          void peer
            .send(HEADERS, END_HEADERS, id, OK)
            .send(DATA, 0, id, Buffer.from('half'))
            .send(RST_STREAM, 0, id, words(code)),
      ),
    );
    const { send } = client(t, served.port);
    const outcome = await send();
    assert.equal(outcome.kind, 'response');
    if (outcome.kind === 'response') await assert.rejects(read(outcome.body));
  });
}

test(
  'an answer before the end of the request, then a reset without error, is an answer',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id) => void peer.answer(id, 'early').send(RST_STREAM, 0, id, words(0))),
    );
    const { send } = client(t, served.port);
    const body = new StreamBody(
      (async function* () {
        yield 'begun';
        await new Promise(() => {});
      })(),
    );
    assert.deepEqual(await told(send({ method: 'POST', body })), [200, 'early']);
  },
);

test('streams above the last one of a GOAWAY go to another connection, POST too', LIMIT, async (t) => {
  const served = await peers(
    t,
    onRequest((peer, id, number) => {
      if (number > 0) peer.answer(id, 'second');
      else if (id === 5) peer.goaway(1).answer(1, 'first');
    }),
  );
  const { send } = client(t, served.port);
  const sent = await Promise.all([POST, POST, POST].map((request) => told(send(request))));
  assert.deepEqual(sent, [
    [200, 'first'],
    [200, 'second'],
    [200, 'second'],
  ]);
  await until(() => served.sockets.size === 1);
});

test(
  'a GOAWAY with an error fails what the peer may have looked at, and moves the rest',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id, number) => {
        if (number > 0) peer.answer(id, 'second');
        else if (id === 3) peer.goaway(1, 2);
      }),
    );
    const { send } = client(t, served.port);
    const sent = await Promise.all([told(send(POST)), told(send(POST))]);
    assert.deepEqual(sent, [
      ['remote-reset', 'maybe'],
      [200, 'second'],
    ]);
  },
);

test('a GOAWAY in two steps loses nothing: first none is above it, then some are', LIMIT, async (t) => {
  const served = await peers(
    t,
    onRequest((peer, id, number) => {
      if (number > 0) peer.answer(id, 'second');
      else if (id === 3)
        peer
          .goaway(2 ** 31 - 1)
          .goaway(1)
          .answer(1, 'first')
          .socket.end();
    }),
  );
  const { send } = client(t, served.port);
  assert.deepEqual(await Promise.all([told(send(POST)), told(send(POST))]), [
    [200, 'first'],
    [200, 'second'],
  ]);
});

test(
  'a peer that closes every connection before it looks at a request has refused it in the end',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer) => void peer.goaway(0)),
    );
    const { send } = client(t, served.port);
    assert.deepEqual(await told(send(POST)), ['refused-stream', 'no']);
    assert.equal(served.peers.length, 6);
  },
);

test(
  'a GOAWAY while nothing is under way closes the connection; the next call opens another',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id) => void peer.answer(id)),
    );
    const { send } = client(t, served.port);
    assert.deepEqual(await told(send()), [200, 'ok']);
    served.peers[0]!.goaway(1);
    await until(() => served.sockets.size === 0);
    assert.deepEqual(await told(send(POST)), [200, 'ok']);
  },
);

for (const [how, cut] of [
  ['closed', (socket: Socket) => socket.end()],
  ['destroyed', (socket: Socket) => socket.destroy()],
  ['reset', (socket: Socket) => socket.resetAndDestroy()],
] as const) {
  test(`a new connection that is ${how} while a request waits may have seen it`, LIMIT, async (t) => {
    const served = await peers(
      t,
      onRequest((peer) => cut(peer.socket)),
    );
    const { send } = client(t, served.port);
    assert.deepEqual(await told(send()), ['connection-termination', 'maybe']);
    assert.equal(served.peers.length, 1);
  });

  test(`a connection that is ${how} in the middle of a body tells its reader`, LIMIT, async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id) => {
        peer.send(HEADERS, END_HEADERS, id, OK).send(DATA, 0, id, Buffer.from('half'));
      }),
    );
    const { send } = client(t, served.port);
    const outcome = await send();
    assert.equal(outcome.kind, 'response');
    if (outcome.kind !== 'response') return;
    const reading = read(outcome.body);
    cut(served.peers[0]!.socket);
    await assert.rejects(reading);
  });

  test(
    `an idle connection that is ${how} when it is used: a burst of GETs goes out again, a POST does not`,
    LIMIT,
    async (t) => {
      const served = await peers(
        t,
        onRequest((peer, id, number) => {
          if (number > 0 || id === 1) peer.answer(id);
          else if (id === 7) cut(peer.socket);
        }),
      );
      const { send } = client(t, served.port);
      assert.deepEqual(await told(send()), [200, 'ok']);
      const burst = await Promise.all([told(send()), told(send(POST)), told(send())]);
      assert.deepEqual(burst, [
        [200, 'ok'],
        ['connection-termination', 'maybe'],
        [200, 'ok'],
      ]);
    },
  );
}

test('what goes out again goes on the budget of retries', LIMIT, async (t) => {
  const served = await peers(
    t,
    onRequest((peer, id, number) => {
      if (number > 0 || id === 1) peer.answer(id);
      else peer.socket.destroy();
    }),
  );
  const { send, attempt, transport } = client(t, served.port);
  assert.deepEqual(await told(send()), [200, 'ok']);
  const poor = attempt();
  poor.mayGoAgain = () => false;
  assert.deepEqual(await told(transport.send(poor)), ['connection-termination', 'maybe']);
  assert.equal(served.peers.length, 1);
});

test(
  'a peer that lowers its streams to none makes calls wait, on no other connection, until it raises them',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id) => {
        if (id === 1) peer.send(SETTINGS, 0, 0, setting(3, 0));
        peer.answer(id);
      }),
    );
    const { send, attempt, transport } = client(t, served.port);
    assert.deepEqual(await told(send()), [200, 'ok']);
    const waiting = send(POST);
    const given = attempt(POST);
    const giving = told(transport.send(given));
    given.cancel('per-try-timeout');
    assert.deepEqual(await giving, ['per-try-timeout', 'no']);
    const peer = served.peers[0]!;
    assert.equal(peer.seen(HEADERS).length, 1);
    peer.send(SETTINGS, 0, 0, setting(3, 10));
    assert.deepEqual(await told(waiting), [200, 'ok']);
    assert.equal(served.peers.length, 1);
  },
);

test('a ping that is not answered ends the connection; one that is answered does not', LIMIT, async (t) => {
  const clock = new FakeClock();
  let deaf = false;
  const served = await peers(t, (peer, { type, flags, id, payload }) => {
    if (type === PING && flags === 0 && !deaf) peer.send(PING, 1, 0, payload);
    if (type === HEADERS && id === 1) peer.answer(id);
  });
  const { send } = client(t, served.port, { http2KeepAlive: { intervalMs: 1_000, timeoutMs: 100 } }, clock);
  assert.deepEqual(await told(send()), [200, 'ok']);
  const sending = send(POST);
  const peer = served.peers[0]!;
  await until(() => peer.seen(HEADERS).length === 2);
  const waiting = clock.pending;
  clock.advance(1_000);
  await until(() => peer.seen(PING).length === 1 && clock.pending === waiting && clock.nextIn === 1_000);
  deaf = true;
  clock.advance(1_000);
  await until(() => peer.seen(PING).length === 2);
  clock.advance(100);
  assert.deepEqual(await told(sending), ['connection-termination', 'maybe']);
  await until(() => served.sockets.size === 0);
  assert.equal(clock.pending, 0);
});

test(
  'an idle connection is closed after the idle timeout, an old one after its duration, and no timer is left',
  LIMIT,
  async (t) => {
    for (const settings of [{ idleTimeoutMs: 1_000 }, { maxConnectionDurationMs: 1_000 }]) {
      const clock = new FakeClock();
      const served = await peers(
        t,
        onRequest((peer, id) => void peer.answer(id)),
      );
      const { send } = client(t, served.port, settings, clock);
      assert.deepEqual(await told(send()), [200, 'ok']);
      // Once its stream is closed, it idles.
      await until(() => {
        clock.advance(1_000);
        return served.sockets.size === 0;
      });
      assert.equal(clock.pending, 0);
    }
  },
);

test(
  'a peer that breaks the protocol and does not close even then costs one timeout, and no second call',
  LIMIT,
  async (t) => {
    const served = await peers(
      t,
      onRequest((peer, id, number) => {
        peer.obliging = false;
        if (number > 0) peer.answer(id);
        else peer.send(DATA, 0, 99, Buffer.from('x'));
      }),
    );
    const { send, attempt, transport } = client(t, served.port);
    const one = attempt(POST);
    const sending = told(transport.send(one));
    // Node 22 and later tell of it by themselves.
    await until(() => served.peers[0]?.seen(GOAWAY).length === 1);
    one.cancel('per-try-timeout');
    assert.equal((await sending)[1], 'maybe');
    assert.deepEqual(await told(send()), [200, 'ok']);
  },
);

test('a port that accepts and says nothing: a stopped attempt waits for nobody', LIMIT, async (t) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const { attempt, transport } = client(t, port);
  const one = attempt(POST);
  const sending = told(transport.send(one));
  await until(() => sockets.size === 1);
  one.cancel('deadline');
  assert.deepEqual(await sending, ['timeout', 'no']);
  await transport.close();
});
