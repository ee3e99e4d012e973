/** The bound of connections over all endpoints of a cluster. */
import assert from 'node:assert/strict';
import type { ServerHttp2Stream } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../base/clock.js';
import type { ConnectionSettings } from '../../model/destination.js';
import { EndpointState } from '../../model/endpoint-state.js';
import { testAttempt, testCall } from '../../model/testing.js';
import { TlsContexts } from '../../security/tls/contexts.js';
import { until } from '../outbound.test.helper.js';
import { HttpTransport } from '../transport.js';
import { destinationOf, type Served, serveHttp2, told } from './http2.test.helper.js';

const LIMIT = { timeout: 60_000 };

/** A cluster of `count` servers that answer when they are told to, two streams a connection. */
async function clusterOf(t: TestContext, count: number, settings: Partial<ConnectionSettings>) {
  const transport = new HttpTransport({ contexts: new TlsContexts(null), clock: systemClock });
  t.after(() => transport.destroy());
  const held: ServerHttp2Stream[] = [];
  const served: Served[] = [];
  for (let index = 0; index < count; index += 1)
    served.push(
      await serveHttp2(t, (request) => void held.push(request.stream), {
        settings: { maxConcurrentStreams: 2 },
      }),
    );
  const destinations = served.map(({ port }) => destinationOf(port, settings));
  const send = (index: number) =>
    told(transport.send(testAttempt(testCall(), new EndpointState(destinations[index]!, 0))));
  const open = () => served.reduce((sum, { sockets }) => sum + sockets.size, 0);
  const answer = (count = held.length) => {
    for (const stream of held.splice(0, count)) {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    }
  };
  return { transport, destinations, served, held, send, open, answer };
}

const OK = [200, 'ok'];

test(
  'more connections are opened when the streams of one are used up, no more than policy allows to all',
  LIMIT,
  async (t) => {
    const { send, open, held, answer, served } = await clusterOf(t, 2, { maxConnections: 3 });
    const first = [send(0)];
    await until(() => held.length === 1);
    first.push(send(1));
    await until(() => held.length === 2);
    const rest = Array.from({ length: 20 }, (_, index) => send(index % 2));
    await until(() => held.length === 6);
    assert.equal(open(), 3);
    const all = Promise.all([...first, ...rest]);
    let over = false;
    void all.then(() => {
      over = true;
    });
    await until(() => {
      assert.ok(served.reduce((sum, { sessions }) => sum + sessions.length, 0) <= 3);
      answer();
      return over;
    });
    assert.ok((await all).every(([status]) => status === 200));
  },
);

test(
  'a destination has its first connection at once; another gives one of its own back for it',
  LIMIT,
  async (t) => {
    const { send, open, held, answer } = await clusterOf(t, 2, { maxConnections: 2 });
    const busy = [send(0), send(0), send(0)];
    await until(() => held.length === 3);
    assert.equal(open(), 2);
    const late = send(1);
    await until(() => held.length === 4);
    assert.equal(open(), 3);
    answer();
    assert.deepEqual(await Promise.all([...busy, late]), [OK, OK, OK, OK]);
    await until(() => open() === 2);
  },
);

test(
  'whoever waits is served when the connections of a destination that left are closed',
  LIMIT,
  async (t) => {
    const { transport, destinations, send, open, held, answer } = await clusterOf(t, 2, {
      maxConnections: 2,
    });
    const leaving = send(0);
    await until(() => held.length === 1);
    const staying = [send(1), send(1), send(1)];
    await until(() => held.length === 3);
    assert.equal(open(), 2);
    transport.retain([destinations[1]!]);
    answer(1);
    assert.deepEqual(await leaving, OK);
    await until(() => held.length === 3);
    assert.equal(open(), 2);
    answer();
    assert.deepEqual(await Promise.all(staying), [OK, OK, OK]);
  },
);
