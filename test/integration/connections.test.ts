/** `maxConnections` over real sockets: of a whole cluster, whatever its endpoints; what it does to calls that come meanwhile. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { isMeshError, join, type Mesh } from 'heddle';

const LIMIT = { timeout: 120_000 };

async function member(
  t: TestContext,
  ports: readonly number[],
  maxConnections: number,
  more = '',
): Promise<Mesh> {
  const folder = await mkdtemp(path(tmpdir(), 'heddle-connections-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const endpoints = ports.map((port) => `{ address: 127.0.0.1, ports: { http: ${port} } }`);
  await writeFile(
    path(folder, 'policy.yaml'),
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [${endpoints.join(', ')}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: svc, namespace: default }
spec:
  host: svc.test
  trafficPolicy:
    loadBalancer: { simple: RANDOM }
    connectionPool: { tcp: { maxConnections: ${maxConnections} } }
${more}`,
  );
  const mesh = await join({ policy: folder, joinTimeoutMs: 60_000, drainTimeoutMs: 0, log() {} });
  t.after(() => mesh.close());
  return mesh;
}

/** Servers that answer when they are told to, and the connections that all of them have together. */
class Servers {
  readonly ports: number[] = [];
  readonly waiting: ServerResponse[] = [];
  /** Most connections at once. */
  most = 0;
  arrived = 0;
  readonly #accepted = new Set<Socket>();

  async serve(t: TestContext, count: number): Promise<void> {
    this.#count(t);
    for (let index = 0; index < count; index += 1) {
      const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
        this.arrived += 1;
        request.resume();
        this.waiting.push(response);
      });
      server.on('connection', (socket: Socket) => this.#accepted.add(socket));
      this.ports.push(await this.#listen(t, server));
    }
  }

  /** Answers one by one, the newest first, whatever comes, until so many calls were answered. */
  async answer(count: number): Promise<void> {
    for (let answered = 0; answered < count; ) {
      const response = this.waiting.pop();
      if (response === undefined) {
        await turn();
        continue;
      }
      response.end('ok');
      answered += 1;
    }
  }

  /**
   * On the side of the caller, as servers hear late of what was closed. Nobody else in this process connects. A socket that was
   * destroyed, as one whose connection is refused, has closed its descriptor, even if its 'close' is still to come.
   */
  #count(t: TestContext): void {
    const opened = new Set<Socket>();
    const counted = (message: unknown) => {
      const { socket } = message as { readonly socket: Socket };
      opened.add(socket);
      for (const each of opened) if (each.destroyed) opened.delete(each);
      this.most = Math.max(this.most, opened.size);
    };
    subscribe('net.client.socket', counted);
    t.after(() => unsubscribe('net.client.socket', counted));
  }

  async #listen(t: TestContext, server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.close();
      for (const socket of this.#accepted) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }
}

const text = async (mesh: Mesh) => (await mesh.fetch('http://svc.test/')).text();

for (const [endpoints, maxConnections, expected] of [
  [3, 2, 3],
  [3, 1, 3],
  [3, 5, 5],
  [1, 1, 1],
  [1, 4, 4],
] as const) {
  test(
    `${endpoints} endpoints, maxConnections ${maxConnections}, 20 calls at once: never more than ${expected} connections, and all calls are answered`,
    LIMIT,
    async (t) => {
      const servers = new Servers();
      await servers.serve(t, endpoints);
      const mesh = await member(t, servers.ports, maxConnections);
      for (let round = 0; round < 3; round += 1) {
        const calls = Array.from({ length: 20 }, () => text(mesh));
        await servers.answer(20);
        assert.deepEqual(new Set(await Promise.all(calls)), new Set(['ok']));
      }
      assert.equal(servers.most, expected);
    },
  );
}

test(
  'calls that are given up while they wait leave the queue, and those behind them come to their turn',
  LIMIT,
  async (t) => {
    const servers = new Servers();
    await servers.serve(t, 1);
    const mesh = await member(t, servers.ports, 1);
    const first = text(mesh);
    while (servers.arrived === 0) await turn();
    const giveUp = new AbortController();
    const given = Array.from({ length: 5 }, () => mesh.fetch('http://svc.test/', { signal: giveUp.signal }));
    const last = text(mesh);
    await turn();
    giveUp.abort();
    for (const call of given) await assert.rejects(call, { name: 'AbortError' });
    await servers.answer(2);
    assert.deepEqual([await first, await last, servers.arrived], ['ok', 'ok', 2]);
  },
);

test(
  'a response that nobody reads to its end holds its connection; once it is dropped the next call goes',
  LIMIT,
  async (t) => {
    const servers = new Servers();
    await servers.serve(t, 2);
    const mesh = await member(t, servers.ports.slice(0, 1), 1);
    const first = mesh.fetch('http://svc.test/');
    while (servers.waiting.length === 0) await turn();
    servers.waiting.pop()!.write('half');
    const response = await first;
    const second = text(mesh);
    await turn();
    assert.equal(servers.arrived, 1);
    await response.body!.cancel();
    await servers.answer(1);
    assert.equal(await second, 'ok');
    assert.equal(servers.most, 1);
  },
);

test('endpoints that refuse connections keep nobody else from connecting', LIMIT, async (t) => {
  const servers = new Servers();
  await servers.serve(t, 2);
  const mesh = await member(t, [...servers.ports, 1], 2);
  const calls = Array.from({ length: 20 }, () => text(mesh));
  await servers.answer(20);
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['ok']));
  assert.ok(servers.most <= 3, `${servers.most}`);
});

test('closing the mesh ends those who wait, too', LIMIT, async (t) => {
  const servers = new Servers();
  await servers.serve(t, 1);
  const mesh = await member(t, servers.ports, 1);
  const calls = Array.from({ length: 4 }, () => text(mesh));
  while (servers.arrived === 0) await turn();
  const settled = Promise.allSettled(calls);
  await mesh.close();
  for (const call of await settled)
    assert.ok(call.status === 'rejected' && isMeshError(call.reason, 'HEDDLE_CLOSED'));
});
