import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { FakeClock, seededRandom } from '../../base/testing.js';
import { clusterName } from '../../model/cluster.js';
import { cluster, REVIEWS } from '../../outbound/fixtures.test.helper.js';
import { breakerPolicyFrom } from '../../traffic/breaker/policy.js';
import { deadPort, until } from '../outbound.test.helper.js';
import {
  at,
  echo,
  hostWith,
  listenTcp,
  NOTHING_HELD,
  named,
  readAll,
  refusalOf,
  subset,
  tcpMesh,
} from './fixtures.test.helper.js';

test('bytes pass both ways, and what the connection held is given back when it is closed', async (t) => {
  const mesh = tcpMesh(t, { endpoints: [at(await echo(t))] });
  const stream = await mesh.connect('reviews:80');
  assert.deepEqual(mesh.held(), { active: 1, deadlines: 0, connections: 1, inFlight: 1 });
  const closed = once(stream, 'close');
  stream.end('to and fro');
  assert.equal(await readAll(stream), 'to and fro');
  await closed;
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('the end of our side passes while the peer goes on', async (t) => {
  const port = await listenTcp(t, (socket) => {
    socket.resume().once('end', () => socket.end('after your end'));
  });
  const { connect } = tcpMesh(t, { endpoints: [at(port)] });
  const stream = await connect({ host: 'reviews', port: 80 });
  stream.end('all of it');
  assert.equal(await readAll(stream), 'after your end');
});

test('the end of the peer’s side passes while we go on, if our side may stay open', async (t) => {
  let heard: (text: string) => void = () => {};
  const said = new Promise<string>((resolve) => (heard = resolve));
  const port = await listenTcp(t, (socket) => {
    socket.end('first');
    let text = '';
    socket.on('data', (chunk) => (text += chunk)).once('end', () => heard(text));
  });
  const { connect } = tcpMesh(t, { endpoints: [at(port)] });
  const stream = await connect('reviews:80', { allowHalfOpen: true });
  stream.resume();
  await once(stream, 'end');
  stream.end('still here');
  assert.equal(await said, 'still here');
});

test('our side ends with the peer’s if nothing else was asked for, as with net.connect', async (t) => {
  const mesh = tcpMesh(t, { endpoints: [at(await named(t, 'bye'))] });
  const stream = await mesh.connect('reviews:80');
  const closed = once(stream, 'close');
  assert.equal(await readAll(stream), 'bye');
  await closed;
  assert.deepEqual(mesh.held(), NOTHING_HELD);
});

test('a slow reader holds up the sender, not the memory', async (t) => {
  const BYTES = 32 * 1024 * 1024;
  let sender: Socket | undefined;
  const port = await listenTcp(t, (socket) => {
    sender = socket;
    socket.end(Buffer.alloc(BYTES));
  });
  const { connect } = tcpMesh(t, { endpoints: [at(port)] });
  const stream = await connect('reviews:80');
  stream.read(0);
  await until(() => stream.readableLength >= stream.readableHighWaterMark);
  assert.ok(stream.readableLength < 256 * 1024, `${stream.readableLength} held`);
  assert.ok(sender!.writableLength > 0, 'the sender waits');
  let read = 0;
  for await (const chunk of stream) read += (chunk as Uint8Array).byteLength;
  assert.equal(read, BYTES);
});

test('several destinations share the connections by weight, each to the endpoints of its subset', async (t) => {
  const [one, two] = [await named(t, 'v1'), await named(t, 'v2')];
  const world = {
    clusters: [cluster(), subset('v1'), subset('v2')],
    endpoints: [at(one, { labels: { version: 'v1' } }), at(two, { labels: { version: 'v2' } })],
  };
  const destinations = [
    { cluster: clusterName(80, 'v1', REVIEWS), weight: 80 },
    { cluster: clusterName(0, 'v2', REVIEWS), weight: 20 },
  ];
  const hosts = hostWith(world, { tcp: [{ index: 0, destinations }] });
  const { connect } = tcpMesh(t, { ...world, hosts }, { random: seededRandom(7) });
  const seen: Record<string, number> = { v1: 0, v2: 0 };
  for (let i = 0; i < 100; i += 1) seen[await readAll(await connect('reviews:80'))]! += 1;
  assert.equal(seen.v1! + seen.v2!, 100);
  assert.ok(seen.v1! > 70 && seen.v1! < 90, JSON.stringify(seen));
});

test('rules for subnets go by the address that the caller looked up', async (t) => {
  const [one, two] = [await named(t, 'v1'), await named(t, 'v2')];
  const world = {
    clusters: [cluster(), subset('v1'), subset('v2')],
    endpoints: [at(one, { labels: { version: 'v1' } }), at(two, { labels: { version: 'v2' } })],
  };
  const to = (name: string) => [{ cluster: clusterName(80, name, REVIEWS), weight: 100 }];
  const hosts = hostWith(world, {
    tcp: [
      { index: 0, match: { destinationSubnets: ['10.1.0.0/16'] }, destinations: to('v2') },
      { index: 1, destinations: to('v1') },
    ],
  });
  const { connect } = tcpMesh(t, { ...world, hosts });
  const target = { host: 'reviews', port: 80 };
  assert.equal(await readAll(await connect({ ...target, destinationIp: '10.1.2.3' })), 'v2');
  assert.equal(await readAll(await connect({ ...target, destinationIp: '10.2.2.3' })), 'v1');
  assert.equal(await readAll(await connect(target)), 'v1');
});

test('more connections than maxConnections are refused at once, until one is closed', async (t) => {
  const connection = { ...cluster().connection, maxConnections: 2 };
  const mesh = tcpMesh(t, { clusters: [cluster({ connection })], endpoints: [at(await echo(t))] });
  const [first] = [await mesh.connect('reviews:80'), await mesh.connect('reviews:80')];
  const refused = await refusalOf(mesh.connect('reviews:80'));
  assert.deepEqual([refused.code, refused.flag, refused.sent], ['HEDDLE_OVERLOADED', 'UO', 'no']);
  const closed = once(first, 'close');
  first.destroy();
  await closed;
  (await mesh.connect('reviews:80')).destroy();
});

test('an endpoint that takes no connections is ejected', async (t) => {
  const outlier = {
    consecutive5xx: 2,
    consecutiveGatewayErrors: 0,
    splitLocalOrigin: false,
    consecutiveLocalOriginFailures: 5,
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionPercent: 50,
    minHealthPercent: 0,
  };
  const clock = new FakeClock();
  const dead = at(await deadPort());
  const world = { clusters: [cluster({ outlier })], endpoints: [at(await named(t, 'alive')), dead] };
  const mesh = tcpMesh(t, world, { clock });
  const failures: string[] = [];
  for (let i = 0; i < 20; i += 1) {
    const said = await mesh.connect('reviews:80').then(readAll, (error) => error);
    if (said !== 'alive') failures.push(`${said.code} ${said.flag} ${said.endpoint} ${said.attempts}`);
  }
  assert.deepEqual(failures, Array(2).fill(`HEDDLE_CONNECT_FAILED UF ${dead.key} 1`));
  assert.deepEqual(
    mesh.clusterOf().endpoints.map(({ ejected }) => ejected),
    [false, true],
  );
});

test('the PROXY header comes first', async (t) => {
  const port = await echo(t);
  const { connect } = tcpMesh(t, { clusters: [cluster({ proxyProtocol: 'V1' })], endpoints: [at(port)] });
  const stream = await connect('reviews:80');
  const { localPort } = stream as Socket;
  stream.end('hello');
  assert.equal(await readAll(stream), `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${port}\r\nhello`);
});

const REFUSED: readonly [
  what: string,
  target: Parameters<ReturnType<typeof tcpMesh>['connect']>[0],
  code: string,
  flag: string,
][] = [
  ['a host that policy does not know', 'revews:80', 'HEDDLE_NO_ROUTE', 'NR'],
  ['a port that the service has not', 'reviews:81', 'HEDDLE_NO_CLUSTER', 'NC'],
  ['a service without endpoints', 'reviews:80', 'HEDDLE_NO_ENDPOINT', 'UH'],
  ['a target without a port', 'reviews', 'HEDDLE_INVALID_ARGUMENT', '-'],
  ['a URL', 'tcp://reviews:80', 'HEDDLE_INVALID_ARGUMENT', '-'],
  ['a port out of range', { host: 'reviews', port: 65_536 }, 'HEDDLE_INVALID_ARGUMENT', '-'],
  ['a name as an address', { host: 'a', port: 1, destinationIp: 'b' }, 'HEDDLE_INVALID_ARGUMENT', '-'],
];
for (const [what, target, code, flag] of REFUSED)
  test(`${what} is refused: ${code}`, async (t) => {
    const mesh = tcpMesh(t, { endpoints: [] });
    const refused = await refusalOf(mesh.connect(target));
    assert.deepEqual([refused.code, refused.flag], [code, flag]);
    assert.deepEqual(mesh.held(), NOTHING_HELD);
  });

test('the refusal of an unknown host names the one that was meant', async (t) => {
  const { message } = await refusalOf(tcpMesh(t, {}).connect('revews:80'));
  assert.match(message, /CONNECT revews:80: unknown-host: policy knows no host revews; did you mean reviews/);
});

test('with ALLOW_ANY an unknown host is connected to where it says', async (t) => {
  const { connect } = tcpMesh(t, { outbound: 'ALLOW_ANY' });
  assert.equal(await readAll(await connect(`127.0.0.1:${await named(t, 'straight')}`)), 'straight');
});

test('with ALLOW_ANY and an egress proxy an unknown host is connected to the proxy’s cluster', async (t) => {
  const { connect } = tcpMesh(t, {
    outbound: 'ALLOW_ANY',
    egressProxy: clusterName(80, '', REVIEWS),
    endpoints: [at(await named(t, 'the proxy'))],
  });
  assert.equal(await readAll(await connect('elsewhere.example:443')), 'the proxy');
});

test('an open circuit refuses connections', async (t) => {
  const breaker = breakerPolicyFrom({ volumeThreshold: 2 });
  const { connect } = tcpMesh(t, {
    clusters: [cluster({ breaker })],
    endpoints: [at(await deadPort())],
  });
  const codes: string[] = [];
  for (let i = 0; i < 4; i += 1) codes.push((await refusalOf(connect('reviews:80'))).code);
  assert.deepEqual(codes.slice(0, 2), ['HEDDLE_CONNECT_FAILED', 'HEDDLE_CONNECT_FAILED']);
  assert.equal(codes.at(-1), 'HEDDLE_CIRCUIT_OPEN');
});
