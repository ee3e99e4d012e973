import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isMeshError } from '../../base/errors.js';
import { emptyFields } from '../../base/headers.js';
import { FakeClock } from '../../base/testing.js';
import type { ConnectionSettings } from '../../model/destination.js';
import { Exchange } from '../../model/exchange.js';
import { cluster } from '../../outbound/fixtures.test.helper.js';
import { until } from '../outbound.test.helper.js';
import {
  at,
  echo,
  listenTcp,
  NOTHING_HELD,
  refusalOf,
  type TcpParts,
  tcpMesh,
} from './fixtures.test.helper.js';

/** A peer that accepts, and then never begins to speak TLS: connecting hangs. */
async function hanging(t: TestContext, parts: TcpParts = {}) {
  let accepted = 0;
  let closed = 0;
  const port = await listenTcp(t, (socket) => {
    accepted += 1;
    socket
      .resume()
      .once('end', () => socket.end())
      .once('close', () => (closed += 1));
  });
  const tls = { mode: 'simple', sni: 'peer.example', subjectAltNames: [] } as const;
  const mesh = tcpMesh(t, { clusters: [cluster({ tls })], endpoints: [at(port)] }, parts);
  return { mesh, accepted: () => until(() => accepted === 1), closed: () => until(() => closed === 1) };
}

function exchangeOf(clock: FakeClock): Exchange {
  return new Exchange(
    {
      method: 'GET',
      scheme: 'http',
      authority: 'productpage',
      path: '/',
      headers: emptyFields(),
      protocol: 'HTTP/1.1',
      peer: { id: null, address: '127.0.0.1', sni: null },
      remoteIp: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort: 80,
    },
    clock.now(),
    clock.wallNow(),
  );
}

test('a signal ends connecting with its own reason', async (t) => {
  const { mesh, accepted, closed } = await hanging(t);
  const stop = new AbortController();
  const connecting = mesh.connect('reviews:80', { signal: stop.signal });
  await accepted();
  const reason = new Error('not any more');
  stop.abort(reason);
  await assert.rejects(connecting, (error) => error === reason);
  assert.deepEqual(mesh.held(), NOTHING_HELD);
  await closed();
});

test('a signal that aborted before sends nothing', async (t) => {
  const mesh = tcpMesh(t, { endpoints: [at(await echo(t))] });
  const connecting = mesh.connect('reviews:80', { signal: AbortSignal.abort('gone') });
  await assert.rejects(connecting, (error) => error === 'gone');
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('a signal that aborts later, or an exchange that ends, leaves the connection alone', async (t) => {
  const clock = new FakeClock();
  const exchange = exchangeOf(clock);
  exchange.deadlineAt = 1_000;
  const mesh = tcpMesh(t, { endpoints: [at(await echo(t))] }, { clock, exchange });
  const stop = new AbortController();
  const stream = await mesh.connect('reviews:80', { signal: stop.signal, timeoutMs: 500 });
  stop.abort();
  exchange.abandon();
  clock.advance(20_000);
  stream.write('still');
  const [chunk] = await once(stream, 'data');
  assert.equal(String(chunk), 'still');
  stream.destroy();
});

const LATE: readonly [
  what: string,
  timeoutMs: number | undefined,
  serving: boolean,
  afterMs: number,
  code: string,
  flag: string,
][] = [
  ['the caller’s timeout', 500, false, 504, 'HEDDLE_DEADLINE_EXCEEDED', 'UT'],
  ['the deadline of the exchange being served', undefined, true, 1_004, 'HEDDLE_DEADLINE_EXCEEDED', 'UT'],
  ['connectTimeout', undefined, false, 10_000, 'HEDDLE_CONNECT_FAILED', 'UF'],
];
for (const [what, timeoutMs, serving, afterMs, code, flag] of LATE)
  test(`${what} bounds connecting: ${code}`, async (t) => {
    const clock = new FakeClock();
    const exchange = exchangeOf(clock);
    exchange.deadlineAt = 1_000;
    const { mesh, accepted, closed } = await hanging(t, { clock, ...(serving && { exchange }) });
    const refusal = refusalOf(mesh.connect('reviews:80', timeoutMs === undefined ? {} : { timeoutMs }));
    await accepted();
    clock.advance(afterMs);
    const refused = await refusal;
    assert.deepEqual([refused.code, refused.flag, refused.sent], [code, flag, 'no']);
    assert.deepEqual(mesh.held(), NOTHING_HELD);
    await closed();
  });

test('when the caller of the exchange being served is gone, connecting ends', async (t) => {
  const clock = new FakeClock();
  const exchange = exchangeOf(clock);
  const { mesh, accepted } = await hanging(t, { clock, exchange });
  const connecting = mesh.connect('reviews:80');
  await accepted();
  exchange.abandon();
  await assert.rejects(connecting, { name: 'AbortError' });
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

/** `once` would reject with the error that comes before it. */
function closing(stream: Socket): Promise<void> {
  return new Promise((resolve) => stream.once('close', () => resolve()));
}

async function open(t: TestContext, settings: Partial<ConnectionSettings>) {
  const clock = new FakeClock();
  const connection = {
    connectTimeoutMs: 10_000,
    idleTimeoutMs: 60_000,
    maxRequestsPerConnection: 0,
    ...settings,
  };
  const world = { clusters: [cluster({ connection })], endpoints: [at(await echo(t))] };
  const mesh = tcpMesh(t, world, { clock });
  const stream = (await mesh.connect('reviews:80')) as Socket;
  const failures: unknown[] = [];
  stream.on('error', (error) => failures.push(error));
  return { clock, mesh, stream, failures };
}

test('a connection that was silent for its idleTimeout is closed, with an error that says so', async (t) => {
  const { clock, mesh, stream, failures } = await open(t, {
    idleTimeoutMs: 600_000,
    tcpIdleTimeoutMs: 40_000,
  });
  clock.advance(30_000);
  stream.write('a sign of life');
  await once(stream, 'data');
  clock.advance(39_999);
  assert.equal(stream.destroyed, false);
  const closed = closing(stream);
  clock.advance(11_000);
  await closed;
  const [error] = failures;
  assert.ok(isMeshError(error, 'HEDDLE_CONNECTION_LOST'));
  assert.match(error.message, /connection to reviews:80 .* it was silent for 40000 ms, policy's idleTimeout/);
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('an idleTimeout of never is never', async (t) => {
  const { clock, stream } = await open(t, { idleTimeoutMs: 2_147_483_647 });
  clock.advance(10 * 2_147_483_647);
  assert.equal(stream.destroyed, false);
  stream.destroy();
});

test('a connection ends after its maxConnectionDuration, however busy', async (t) => {
  const { clock, stream, failures } = await open(t, { maxConnectionDurationMs: 1_000 });
  clock.advance(999);
  stream.write('busy');
  await once(stream, 'data');
  assert.equal(stream.destroyed, false);
  const closed = closing(stream);
  clock.advance(1);
  await closed;
  assert.match(String(failures[0]), /maxConnectionDuration/);
});

test('closing closes what is open without an error, and ends what is on its way', async (t) => {
  const opened = await open(t, {});
  const closed = closing(opened.stream);
  opened.mesh.connections.close();
  await closed;
  assert.deepEqual(opened.failures, []);
  const { mesh, accepted } = await hanging(t);
  const refusal = refusalOf(mesh.connect('reviews:80'));
  await accepted();
  mesh.connections.close();
  assert.equal((await refusal).code, 'HEDDLE_CLOSED');
  mesh.outbound.closed = true;
  assert.equal((await refusalOf(mesh.connect('reviews:80'))).code, 'HEDDLE_CLOSED');
});
