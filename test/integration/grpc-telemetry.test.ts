/** What a call of gRPC leaves in traces and metrics on its server's side, as a real SDK sees it. */
import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  Client,
  credentials,
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { clientOptions, listen } from '@heddle/grpc';
import { type JsonSpan, jsonLinesExporter, type RunningTelemetry, startTelemetry } from '@heddle/telemetry';
import { join, type Mesh } from 'heddle';

let running: RunningTelemetry;
const spans: JsonSpan[] = [];

before(async () => {
  const take = (lines: string) => {
    for (const line of lines.split('\n')) if (line.trim() !== '') spans.push(JSON.parse(line) as JsonSpan);
  };
  const traces = jsonLinesExporter(take);
  running = await startTelemetry({ traces, metrics: 'prometheus', prometheusPort: 0, environment: {} });
});
after(() => running.stop());

const asIs = { serialize: (bytes: Buffer) => bytes, deserialize: (bytes: Buffer) => bytes };

function method(name: string, streams: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/shop.Stock/${name}`,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: asIs.serialize,
    requestDeserialize: asIs.deserialize,
    responseSerialize: asIs.serialize,
    responseDeserialize: asIs.deserialize,
  };
}

const STOCK = { Count: method('Count', false), Watch: method('Watch', true) };

/** Members of one mesh, which share a folder of policy. */
class World {
  readonly #folder: string;
  readonly #t: TestContext;

  private constructor(t: TestContext, folder: string) {
    this.#t = t;
    this.#folder = folder;
  }

  static async start(t: TestContext): Promise<World> {
    const folder = await mkdtemp(path(tmpdir(), 'heddle-grpc-telemetry-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return new World(t, folder);
  }

  async member(service: string): Promise<Mesh> {
    const log = () => {};
    const limits = { joinTimeoutMs: 60_000, drainTimeoutMs: 60_000 };
    const mesh = await join({ policy: this.#folder, service, labels: { app: service }, ...limits, log });
    this.#t.after(() => mesh.close());
    return mesh;
  }

  /** Calls to `HOST.test` get to `port`. */
  async place(host: string, port: number, protocol: string): Promise<void> {
    const file = path(this.#folder, `${host}.yaml`);
    await writeFile(
      `${file}.new`,
      `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host}, namespace: default }
spec:
  hosts: [${host}.test]
  resolution: STATIC
  ports: [{ number: 80, name: main, protocol: ${protocol} }]
  endpoints: [{ address: 127.0.0.1, ports: { main: ${port} } }]
`,
    );
    await rename(`${file}.new`, file);
  }
}

function stockClient(t: TestContext, mesh: Mesh): Client {
  const client = new Client('stock.test:80', credentials.createInsecure(), clientOptions(mesh));
  t.after(() => client.close());
  return client;
}

function count(client: Client, item: string): Promise<string> {
  const { path: name, requestSerialize, responseDeserialize } = STOCK.Count;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(name, requestSerialize, responseDeserialize, Buffer.from(item), (error, value) =>
      error === null ? resolve(String(value)) : reject(error),
    );
  });
}

/** Looks at the spans that are there, until `done`. */
async function flushed(done: () => boolean): Promise<void> {
  do {
    await turn();
    await running.flush();
  } while (!done());
}

/** The value of the one line that has all of `parts`; 0 for none. */
async function sampleOf(metric: string, ...parts: readonly string[]): Promise<number> {
  const page = await (await fetch(running.prometheusUrl!)).text();
  const lines = page
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) && parts.every((part) => line.includes(part)));
  assert.ok(lines.length <= 1, lines.join('\n'));
  return Number(lines[0]?.split(' ').at(-1) ?? 0);
}

async function until(value: number, metric: string, ...parts: readonly string[]): Promise<void> {
  while ((await sampleOf(metric, ...parts)) < value) await turn();
}

async function stock(world: World, methods: Readonly<Record<string, unknown>>): Promise<Mesh> {
  const mesh = await world.member('stock');
  const server = new Server();
  server.addService(STOCK as unknown as ServiceDefinition, methods as never);
  const { port } = await listen(mesh, server, 0, { address: '127.0.0.1' });
  await world.place('stock', port, 'GRPC');
  return mesh;
}

test('from HTTP through gRPC to HTTP it is one trace', { timeout: 120_000 }, async (t) => {
  const world = await World.start(t);
  await world.place('nobody', 9, 'HTTP');
  const back = await world.member('back');
  const { port: backPort } = await back.listen((_request, response) => response.end('7'), 0);
  await world.place('back', backPort, 'HTTP');
  const Count: handleUnaryCall<Buffer, Buffer> = async (_call, callback) => {
    const answer = await middle.fetch('http://back.test/count');
    callback(null, Buffer.from(await answer.text()));
  };
  const middle = await stock(world, { Count, Watch: () => {} });
  const front = await world.member('front');
  const client = stockClient(t, front);
  const { port: frontPort } = await front.listen(
    async (_request, response) => response.end(await count(client, 'yarn')),
    0,
  );
  await world.place('front', frontPort, 'HTTP');
  const caller = await world.member('caller');

  assert.equal(await (await caller.fetch('http://front.test/')).text(), '7');
  const served = () => {
    const call = spans.find(({ name, kind }) => name === 'shop.Stock/Count' && kind === 'server');
    return spans.filter(({ traceId, kind }) => traceId === call?.traceId && kind === 'server');
  };
  await flushed(() => served().length >= 3);
  const call = served().find(({ name }) => name === 'shop.Stock/Count')!;
  const above = (span: JsonSpan | undefined) => spans.find(({ spanId }) => spanId === span?.parentSpanId);
  const chain: string[] = [];
  const last = served().find(({ attributes }) => attributes['url.path'] === '/count');
  for (let span = last; span !== undefined; span = above(span))
    if (span.kind === 'server') chain.push(span.name);
  assert.deepEqual(chain, ['GET', 'shop.Stock/Count', 'GET']);
  const { attributes } = call;
  assert.equal(attributes['rpc.system'], 'grpc');
  assert.equal(attributes['rpc.service'], 'shop.Stock');
  assert.equal(attributes['rpc.method'], 'Count');
  assert.equal(attributes['rpc.grpc.status_code'], 0);
  assert.equal(attributes['http.request.method'], undefined);
  const labels = ['reporter="destination"', 'destination_app="stock"', 'request_protocol="grpc"'];
  await until(1, 'istio_requests_total', ...labels, 'grpc_response_status="0"');
});

test('messages are counted each way, and statuses tell faults of the server from those of callers', {
  timeout: 120_000,
}, async (t) => {
  const world = await World.start(t);
  await world.place('nobody', 9, 'HTTP');
  const Count: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const code = String(call.request) === 'lost' ? status.INTERNAL : status.NOT_FOUND;
    callback({ code, details: 'no such item' });
  };
  const Watch: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    call.on('data', (item: Buffer) => {
      call.write(item);
      call.write(item);
    });
    call.on('end', () => call.end());
  };
  await stock(world, { Count, Watch });
  const client = stockClient(t, await world.member('watcher'));
  const mine = ['reporter="destination"', 'request_protocol="grpc"'];
  const ok = [...mine, 'grpc_response_status="0"', 'response_code="200"'];
  const messages = async () => [
    await sampleOf('istio_request_messages_total', ...ok),
    await sampleOf('istio_response_messages_total', ...ok),
  ];
  const before = await messages();
  const { path: name, requestSerialize, responseDeserialize } = STOCK.Watch;
  const stream = client.makeBidiStreamRequest(name, requestSerialize, responseDeserialize);
  for (const item of ['a', 'b', 'c']) stream.write(Buffer.from(item));
  stream.end();
  const told: string[] = [];
  for await (const item of stream) told.push(String(item));
  assert.deepEqual(told, ['a', 'a', 'b', 'b', 'c', 'c']);
  for (const [item, code] of [
    ['lost', status.INTERNAL],
    ['none', status.NOT_FOUND],
  ] as const)
    await assert.rejects(count(client, item), (error: ServiceError) => error.code === code);

  await until(before[1]! + 6, 'istio_response_messages_total', ...ok);
  assert.deepEqual(await messages(), [before[0]! + 3, before[1]! + 6]);
  await until(1, 'istio_requests_total', ...mine, `grpc_response_status="${status.NOT_FOUND}"`);
  await until(1, 'istio_requests_total', ...mine, `grpc_response_status="${status.INTERNAL}"`);
  await until(1, 'rpc_server_duration_count', 'rpc_method="Count"', 'rpc_grpc_status_code="5"');
  const ended = (code: number) =>
    spans.find(({ kind, attributes }) => kind === 'server' && attributes['rpc.grpc.status_code'] === code);
  await flushed(() => ended(status.INTERNAL) !== undefined && ended(status.NOT_FOUND) !== undefined);
  assert.equal(ended(status.INTERNAL)!.attributes['error.type'], String(status.INTERNAL));
  assert.equal(ended(status.NOT_FOUND)!.attributes['error.type'], undefined);
});
