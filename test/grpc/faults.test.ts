/** gRPC through a mesh while servers are killed, frozen and drained: every stream ends with a status, and what need not break goes on. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import { TestCa } from '@heddle/testkit';
import type { Mesh } from 'heddle';
import { Child } from '../end-to-end/child.js';
import type { CallOptions, TestCall } from './interop/client.js';
import { definitionOf } from './interop/definitions.js';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { CLIENT, entry, folder, identityDir, MUTUAL, member, SERVER, STRICT } from './scene.js';

const LIMIT = { timeout: 120_000 };
const OK = 0;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

interface Scene {
  readonly servers: readonly Child[];
  readonly ports: readonly number[];
  readonly mesh: Mesh;
  readonly client: GrpcJsClient;
}

/** Three processes of one service, and a caller. They call themselves `0`, `1` and `2`. */
async function scene(t: TestContext): Promise<Scene> {
  const ca = await TestCa.create();
  const policy = path(await folder(t), 'policy.yaml');
  await writeFile(policy, STRICT);
  const environment = {
    HEDDLE_POLICY: policy,
    HEDDLE_IDENTITY_DIR: await identityDir(t, ca, SERVER),
    HEDDLE_DRAIN_TIMEOUT_MS: '60000',
  };
  const servers = ['0', '1', '2'].map((name) =>
    Child.start(t, '../grpc/server.child.js', [name], environment),
  );
  const ports = await Promise.all(servers.map(async (server) => Number(await server.line())));
  const mesh = await member(t, [entry(...ports), MUTUAL], { identityDir: await identityDir(t, ca, CLIENT) });
  const insecure = credentials.createInsecure();
  const client = new GrpcJsClient(
    (options) => new Client('interop.mesh:80', insecure, clientOptions(mesh, options)),
    { sent: 0, received: 0 },
  );
  t.after(() => client.close());
  return { servers, ports, mesh, client };
}

const inFlight = (mesh: Mesh, port: number) =>
  mesh.status().clusters[0]!.endpoints.find(({ key }) => key.endsWith(`:${port}`))!.inFlight;

/** A conversation, and the server that it is with. */
interface Talk {
  readonly call: TestCall<'FullDuplexCall'>;
  readonly server: number;
}

/** Conversations that are under way, some with each server. */
async function talks({ client, mesh, ports }: Scene): Promise<readonly Talk[]> {
  const open: Talk[] = [];
  const some = (server: number) => open.filter((one) => one.server === server).length >= 2;
  while (open.length < 12 || ![0, 1, 2].every(some)) {
    const before = ports.map((port) => inFlight(mesh, port));
    const call = client.call('FullDuplexCall');
    await isAnswered(call);
    open.push({ call, server: ports.findIndex((port, at) => inFlight(mesh, port) > before[at]!) });
  }
  return open;
}

async function isAnswered(call: TestCall<'FullDuplexCall'>): Promise<void> {
  call.send({ responseParameters: [{ size: 7 }] });
  assert.equal((await call.next())?.payload?.body?.length, 7);
}

async function endsWell(call: TestCall<'FullDuplexCall'>): Promise<void> {
  await isAnswered(call);
  call.finish();
  assert.equal((await call.end).code, OK);
}

async function unary(client: GrpcJsClient, options?: CallOptions) {
  const call = client.call('UnaryCall', options);
  call.send({ fillServerId: true });
  const response = await call.next();
  return { ...(await call.end), server: response?.serverId };
}

/** New calls all succeed, and after a while nobody is asked who goes away. */
async function othersAnswer({ client }: Scene, away: string): Promise<void> {
  for (let inARow = 0; inARow < 40; inARow += 1) {
    const { code, details, server } = await unary(client);
    assert.equal(code, OK, details);
    if (server === away) inARow = 0;
  }
}

test(
  'a server is killed: its streams end as unavailable, the others go on, and nothing sent is sent again',
  LIMIT,
  async (t) => {
    const all = await scene(t);
    const open = await talks(all);
    const hanging = Array.from({ length: 12 }, (_, id) =>
      unary(all.client, { metadata: { 'x-id': `hanging-${id}`, 'x-hang': '1' } }),
    );
    const dids = () => all.servers.map(({ lines }) => lines.filter((line) => line.startsWith('did hanging')));
    while (dids().flat().length < 12) await pause(5);
    const [lost = []] = dids();
    all.servers[0]!.kill('SIGKILL');
    for (const { call } of open.filter(({ server }) => server === 0))
      assert.equal((await call.end).code, UNAVAILABLE);
    const codes = await Promise.all(
      lost.map(async (line) => (await hanging[Number(line.split('-')[1])]!).code),
    );
    assert.deepEqual(
      codes,
      lost.map(() => UNAVAILABLE),
    );
    for (const { call } of open.filter(({ server }) => server !== 0)) await endsWell(call);
    await othersAnswer(all, '0');
    assert.equal(dids().flat().length, 12, 'each was carried out once');
  },
);

test(
  'a server is frozen: calls end with their deadlines, streams with others go on, and those with it when it thaws',
  LIMIT,
  async (t) => {
    const all = await scene(t);
    const open = await talks(all);
    all.servers[0]!.kill('SIGSTOP');
    const late = Array.from({ length: 12 }, () => all.client.call('FullDuplexCall', { timeoutMs: 500 }));
    const during = Array.from({ length: 12 }, () => unary(all.client, { timeoutMs: 500 }));
    for (const call of late) assert.equal((await call.end).code, DEADLINE_EXCEEDED);
    for (const { code, details, server } of await Promise.all(during))
      assert.ok(code === OK ? server !== '0' : code === DEADLINE_EXCEEDED, `${code} ${details}`);
    for (const { call } of open.filter(({ server }) => server !== 0)) await endsWell(call);
    all.servers[0]!.kill('SIGCONT');
    for (const { call } of open.filter(({ server }) => server === 0)) await endsWell(call);
    assert.deepEqual(
      all.ports.map((port) => inFlight(all.mesh, port)),
      [0, 0, 0],
    );
    while ((await unary(all.client)).server !== '0') await pause(5);
  },
);

test(
  'a server leaves: its streams finish as they would have, new calls go elsewhere, and then it ends',
  LIMIT,
  async (t) => {
    const all = await scene(t);
    const open = await talks(all);
    all.servers[0]!.kill('SIGTERM');
    await all.servers[0]!.line((line) => line === 'leaving');
    await othersAnswer(all, '0');
    for (const { call } of open) await endsWell(call);
    assert.deepEqual(await all.servers[0]!.exit, { code: 0, signal: null }, all.servers[0]!.stderr);
    await othersAnswer(all, '0');
  },
);

test(
  'a reader that is slow holds the server back, and neither side keeps in memory what was not read',
  LIMIT,
  async (t) => {
    const all = await scene(t);
    const [count, size] = [800, 262_144];
    const responseParameters = Array.from({ length: count }, () => ({ size }));
    const { path: method, requestSerialize, responseDeserialize } = definitionOf('StreamingOutputCall');
    const client = new Client('interop.mesh:80', credentials.createInsecure(), clientOptions(all.mesh));
    t.after(() => client.close());
    /** Of the server that has written most. */
    const ask = async () => {
      const told = all.servers.map(async (server) => {
        const from = server.lines.length;
        server.kill('SIGUSR2');
        const line = await server.line((one) => one.startsWith('messages'), from);
        const [, messages, , rss] = line.split(' ');
        return { messages: Number(messages), rss: Number(rss) };
      });
      return (await Promise.all(told)).reduce((a, b) => (b.messages > a.messages ? b : a));
    };
    const atFirst = { reader: process.memoryUsage().rss, server: (await ask()).rss };
    const call = client.makeServerStreamRequest(method, requestSerialize, responseDeserialize, {
      responseParameters,
    });
    const reader = call[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i += 1) assert.equal((await reader.next()).value.payload.body.length, size);
    // Nobody reads: what is on its way comes to a halt.
    let written = -1;
    for (let same = 0; same < 10; ) {
      const { messages } = await ask();
      same = messages === written ? same + 1 : 0;
      written = messages;
      await pause(20);
    }
    assert.ok(written < 200, `${written} of ${count} messages were written for a reader of 10`);
    let read = 10;
    let most = 0;
    for (; !(await reader.next()).done; read += 1) most = Math.max(most, process.memoryUsage().rss);
    assert.equal(read, count);
    // Kept, they would be 200.
    const grown = [most - atFirst.reader, (await ask()).rss - atFirst.server].map((bytes) => bytes / 2 ** 20);
    assert.ok(
      grown.every((mebibytes) => mebibytes < 150),
      `${grown} MiB more`,
    );
  },
);
