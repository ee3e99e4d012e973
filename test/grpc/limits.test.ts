/** Many clients at once, messages at the limit, and streams that are given up, mesh to mesh. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Client, credentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { clientOptions, listen } from '@heddle/grpc';
import { seededRandom, TestCa } from '@heddle/testkit';
import type { Mesh } from 'heddle';
import { definitionOf, type SimpleRequest, type SimpleResponse } from './interop/definitions.js';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { interopServer } from './interop/server.js';
import {
  CLIENT,
  channelCredentials,
  entry,
  identityDir,
  MUTUAL,
  member,
  OF_A_PLAIN_CLIENT,
  SERVER,
  STRICT,
} from './scene.js';

const LIMIT = { timeout: 120_000 };
const OK = 0;
const CANCELLED = 1;
const RESOURCE_EXHAUSTED = 8;
/** grpc's own limit of what is received. */
const MOST = 4 * 1024 * 1024;
const insecure = credentials.createInsecure();
const NO_WIRE = { sent: 0, received: 0 };

interface Scene {
  readonly ca: TestCa;
  readonly mesh: Mesh;
  readonly port: number;
  readonly client: GrpcJsClient;
}

async function scene(t: TestContext, server = interopServer()): Promise<Scene> {
  const ca = await TestCa.create();
  const serving = await member(t, [STRICT], { identityDir: await identityDir(t, ca, SERVER) });
  const { port } = await listen(serving, server, 0);
  const mesh = await member(t, [entry(port), MUTUAL], { identityDir: await identityDir(t, ca, CLIENT) });
  const client = new GrpcJsClient(
    (options) => new Client('interop.mesh:80', insecure, clientOptions(mesh, options)),
    NO_WIRE,
  );
  t.after(() => client.close());
  return { ca, mesh, port, client };
}

async function codeOf(client: GrpcJsClient, request: SimpleRequest = {}) {
  const call = client.call('UnaryCall');
  call.send(request);
  const response = await call.next();
  const { code, details } = await call.end;
  return { code, details, size: response?.payload?.body?.length ?? 0 };
}

test('hundreds of clients that come at once are all answered', LIMIT, async (t) => {
  const { ca, mesh, port } = await scene(t);
  const secure = await channelCredentials(ca);
  const made = Array.from({ length: 300 }, (_, i) => {
    const ours = i % 2 === 0;
    return new GrpcJsClient(
      (options) =>
        ours
          ? new Client('interop.mesh:80', insecure, clientOptions(mesh, options))
          : new Client(`127.0.0.1:${port}`, secure, { ...options, ...OF_A_PLAIN_CLIENT }),
      NO_WIRE,
    );
  });
  const answers = await Promise.all(made.map((client) => codeOf(client, { responseSize: 10 })));
  for (const answer of answers) assert.deepEqual(answer, { code: OK, details: 'OK', size: 10 });
  for (const client of made) client.close();
});

/** The body with which a message has exactly this many bytes. */
function bodyFor(bytes: number, lengthOf: (body: Uint8Array) => number): number {
  const overhead = lengthOf(Buffer.alloc(bytes)) - bytes;
  assert.equal(lengthOf(Buffer.alloc(bytes - overhead)), bytes);
  return bytes - overhead;
}

test(
  'messages of the limit pass both ways, one byte more does not, and the connection lives',
  LIMIT,
  async (t) => {
    const { client } = await scene(t);
    const { requestSerialize, responseSerialize } = definitionOf('UnaryCall');
    const request = bodyFor(MOST, (body) => requestSerialize({ payload: { body } } as SimpleRequest).length);
    // As the server of the cases writes it.
    const written = (body: Uint8Array): SimpleResponse => ({ payload: { body }, username: '', serverId: '' });
    const response = bodyFor(MOST, (body) => responseSerialize(written(body)).length);
    const sending = (size: number) => codeOf(client, { payload: { body: Buffer.alloc(size) } });
    assert.equal((await sending(request)).code, OK);
    assert.equal((await sending(request + 1)).code, RESOURCE_EXHAUSTED);
    assert.deepEqual(await codeOf(client, { responseSize: response }), {
      code: OK,
      details: 'OK',
      size: response,
    });
    assert.equal((await codeOf(client, { responseSize: response + 1 })).code, RESOURCE_EXHAUSTED);
    const stream = client.call('FullDuplexCall');
    stream.send({ responseParameters: [{ size: 1 }] });
    assert.equal((await stream.next())?.payload?.body?.length, 1);
    stream.send({ payload: { body: Buffer.alloc(MOST + 1) } });
    assert.equal((await stream.end).code, RESOURCE_EXHAUSTED);
    assert.equal((await codeOf(client)).code, OK);
  },
);

test(
  'a thousand streams that are given up anywhere leave nothing in flight on either side',
  LIMIT,
  async (t) => {
    let serving = 0;
    let served = 0;
    const server = interopServer('interop', (call: ServerDuplexStream<object, object>) => {
      serving += 1;
      served += 1;
      let left = false;
      const leave = () => {
        if (!left) serving -= 1;
        left = true;
      };
      call.once('cancelled', leave).once('finish', leave).once('close', leave);
    });
    const { client, mesh } = await scene(t, server);
    const random = seededRandom(6);
    const one = async () => {
      const call = client.call('FullDuplexCall');
      const rounds = Math.floor(random.next() * 4);
      for (let i = 0; i < rounds; i += 1) {
        call.send({
          responseParameters: [{ size: 20_000 }, { size: 5 }],
          payload: { body: Buffer.alloc(3_000) },
        });
        if (random.next() < 0.5) await call.next();
        else for (let turns = random.next() * 5; turns > 0; turns -= 1) await turn();
      }
      call.cancel();
      assert.equal((await call.end).code, CANCELLED);
    };
    for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 50 }, one));
    const { active, endpoints } = mesh.status().clusters[0]!;
    assert.deepEqual([active, endpoints[0]!.inFlight], [0, 0]);
    while (serving > 0) await turn();
    assert.ok(served > 100, `${served} got as far as the server`);
    assert.equal((await codeOf(client)).code, OK);
  },
);
