/** What policy says of calls holds for those of gRPC. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Metadata, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Mesh } from 'heddle';
import { ask, clientOf, member, policyTo, serve } from './client.test.helper.js';

type Unary = ServerUnaryCall<Buffer, Buffer>;
type Done = sendUnaryData<Buffer>;

interface Peer {
  readonly port: number;
  /** Metadata of the calls that came. */
  readonly calls: Metadata[];
}

/** A server that answers with its name, or as `answer` says. */
async function peer(
  t: TestContext,
  name: string,
  answer?: (call: Unary, done: Done, number: number) => void,
): Promise<Peer> {
  const calls: Metadata[] = [];
  const port = await serve(t, {
    unary(call: Unary, done: Done) {
      calls.push(call.metadata);
      if (answer === undefined) done(null, Buffer.from(name));
      else answer(call, done, calls.length);
    },
    upload(call: NodeJS.ReadableStream, done: Done) {
      calls.push((call as unknown as Unary).metadata);
      let bytes = 0;
      call.on('data', (part: Buffer) => (bytes += part.length));
      call.on('end', () =>
        answer === undefined
          ? done(null, Buffer.from(String(bytes)))
          : answer(call as unknown as Unary, done, calls.length),
      );
    },
  });
  return { port, calls };
}

const fails = (code: status) => (_call: Unary, done: Done) => done({ code, details: 'no' });

function routes(spec: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: default }
spec:
  hosts: [reviews.mesh]
${spec}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec:
  host: reviews.mesh
  trafficPolicy: { tls: { mode: DISABLE } }
  subsets:
  - { name: v1, labels: { version: v1 } }
  - { name: v2, labels: { version: v2 } }
`;
}

const TO = 'route: [{ destination: { host: reviews.mesh } }]';

function tagged(name: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
}

async function meshTo(t: TestContext, peers: readonly Peer[], more: string): Promise<Mesh> {
  const endpoints = peers.map(({ port }, at) => ({ port, version: `v${at + 1}` }));
  const policy = policyTo({ endpoints }).split('---')[0];
  const { mesh } = await member(t, `${policy}---\n${more}`);
  return mesh;
}

test('calls are routed by method and by metadata, and split by weight', async (t) => {
  const [one, two] = [await peer(t, 'v1'), await peer(t, 'v2')];
  const mesh = await meshTo(
    t,
    [one, two],
    routes(`  http:
  - match: [{ uri: { exact: /test.Echo/Unary }, headers: { x-user: { exact: jason } } }]
    route: [{ destination: { host: reviews.mesh, subset: v2 } }]
  - match: [{ headers: { x-split: { exact: 'yes' } } }]
    route:
    - { destination: { host: reviews.mesh, subset: v1 }, weight: 50 }
    - { destination: { host: reviews.mesh, subset: v2 }, weight: 50 }
  - match: [{ uri: { prefix: /test.Echo/ } }]
    route: [{ destination: { host: reviews.mesh, subset: v1 } }]`),
  );
  const client = clientOf(t, mesh);
  for (let at = 0; at < 5; at += 1) {
    assert.equal((await ask(client, 'x')).message, 'v1');
    assert.equal((await ask(client, 'x', tagged('x-user', 'jason'))).message, 'v2');
  }
  const seen = new Set<string>();
  for (let at = 0; at < 100; at += 1) seen.add((await ask(client, 'x', tagged('x-split', 'yes'))).message);
  assert.deepEqual([...seen].sort(), ['v1', 'v2']);
});

test('each call is balanced by itself', async (t) => {
  const peers = [await peer(t, 'v1'), await peer(t, 'v2'), await peer(t, 'v3')];
  const mesh = await meshTo(
    t,
    peers,
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec: { host: reviews.mesh, trafficPolicy: { tls: { mode: DISABLE }, loadBalancer: { simple: ROUND_ROBIN } } }`,
  );
  const client = clientOf(t, mesh);
  for (let at = 0; at < 30; at += 1) await ask(client, 'x');
  assert.deepEqual(
    peers.map(({ calls }) => calls.length),
    [10, 10, 10],
  );
});

test('a call is retried by the statuses that policy names, as often as it says, and says how often it was', async (t) => {
  const one = await peer(t, 'v1', fails(status.UNAVAILABLE));
  const mesh = await meshTo(
    t,
    [one],
    routes(`  http:
  - retries: { attempts: 3, retryOn: unavailable }
    ${TO}`),
  );
  const client = clientOf(t, mesh);
  const { error } = await ask(client, 'x');
  assert.equal(error?.code, status.UNAVAILABLE);
  assert.equal(error?.details, 'no', "the last answer is the call's");
  assert.deepEqual(
    one.calls.map((metadata) => metadata.get('grpc-previous-rpc-attempts')[0]),
    [undefined, '1', '2', '3'],
  );
});

test('a call that succeeds at the second attempt has succeeded, a short upload included', async (t) => {
  const one = await peer(t, 'v1', (_call, done, number) =>
    number % 2 === 1 ? done({ code: status.UNAVAILABLE, details: 'no' }) : done(null, Buffer.from('yes')),
  );
  const mesh = await meshTo(
    t,
    [one],
    routes(`  http:
  - retries: { attempts: 1, retryOn: unavailable }
    ${TO}`),
  );
  const client = clientOf(t, mesh);
  assert.equal((await ask(client, 'x')).message, 'yes');
  const upload = (bytes: number) =>
    new Promise<string>((resolve) => {
      const call = client.upload!((error: Error | null, answer: Buffer) =>
        resolve(error?.message ?? answer.toString()),
      );
      for (let at = 0; at < 10; at += 1) call.write(Buffer.alloc(bytes / 10));
      call.end();
    });
  assert.equal(await upload(10_000), 'yes');
  assert.match(await upload(200_000), /UNAVAILABLE/, 'what is more than is remembered is not sent again');
  assert.equal(one.calls.length, 5);
});

for (const [name, answer] of [
  ['another status', fails(status.INTERNAL)],
  [
    'a status after the head',
    (call: Unary, done: Done) => {
      call.sendMetadata(new Metadata());
      done({ code: status.UNAVAILABLE, details: 'no' });
    },
  ],
  [
    'a server that wants no more',
    (_call: Unary, done: Done) =>
      done({ code: status.UNAVAILABLE, details: 'no', metadata: tagged('grpc-retry-pushback-ms', '-1') }),
  ],
] as const)
  test(`${name} is not retried`, async (t) => {
    const one = await peer(t, 'v1', answer);
    const mesh = await meshTo(
      t,
      [one],
      routes(`  http:
  - retries: { attempts: 3, retryOn: unavailable }
    ${TO}`),
    );
    assert.notEqual((await ask(clientOf(t, mesh), 'x')).error, null);
    assert.equal(one.calls.length, 1);
  });

for (const where of ['in the head', 'in the trailers'])
  test(`an endpoint that answers with bad statuses ${where} is ejected`, async (t) => {
    const good = await peer(t, 'good');
    const bad = await peer(t, 'bad', (call, done) => {
      if (where === 'in the trailers') call.sendMetadata(new Metadata());
      done({ code: status.UNAVAILABLE, details: 'no' });
    });
    const mesh = await meshTo(
      t,
      [good, bad],
      `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec:
  host: reviews.mesh
  trafficPolicy:
    tls: { mode: DISABLE }
    loadBalancer: { simple: ROUND_ROBIN }
    outlierDetection: { consecutive5xxErrors: 3, interval: 60s, baseEjectionTime: 60s, maxEjectionPercent: 50 }
---
${routes(`  http:\n  - retries: { attempts: 0 }\n    ${TO}`).split('---')[0]}`,
    );
    const client = clientOf(t, mesh);
    for (let at = 0; at < 30; at += 1) await ask(client, 'x');
    assert.equal(bad.calls.length, 3);
    assert.equal(good.calls.length, 27);
  });

test('faults are answered as policy says, and the server hears nothing', async (t) => {
  const one = await peer(t, 'v1');
  const mesh = await meshTo(
    t,
    [one],
    routes(`  http:
  - match: [{ headers: { x-fault: { exact: grpc } } }]
    fault: { abort: { grpcStatus: RESOURCE_EXHAUSTED, percentage: { value: 100 } } }
    ${TO}
  - match: [{ headers: { x-fault: { exact: http } } }]
    fault: { abort: { httpStatus: 403, percentage: { value: 100 } } }
    ${TO}
  - match: [{ headers: { x-fault: { exact: late } } }]
    timeout: 0.1s
    fault: { delay: { fixedDelay: 60s, percentage: { value: 100 } } }
    ${TO}
  - match: [{ headers: { x-fault: { exact: page } } }]
    directResponse: { status: 503 }
  - match: [{ headers: { x-fault: { exact: none } } }]
    ${TO}`),
  );
  const client = clientOf(t, mesh);
  const codeOf = async (fault: string) => (await ask(client, 'x', tagged('x-fault', fault))).error?.code;
  assert.equal(await codeOf('grpc'), status.RESOURCE_EXHAUSTED);
  assert.equal(await codeOf('http'), status.PERMISSION_DENIED);
  assert.equal(await codeOf('late'), status.DEADLINE_EXCEEDED);
  assert.equal(await codeOf('page'), status.UNAVAILABLE);
  assert.equal(await codeOf('unrouted'), status.UNIMPLEMENTED);
  assert.equal(await codeOf('none'), undefined);
  assert.equal(one.calls.length, 1);
});

test('calls beyond a limit are refused at once, with the flag in the text', async (t) => {
  const waiting: Done[] = [];
  const one = await peer(t, 'v1', (_call, done) => void waiting.push(done));
  const mesh = await meshTo(
    t,
    [one],
    `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: default }
spec:
  host: reviews.mesh
  trafficPolicy:
    tls: { mode: DISABLE }
    connectionPool: { http: { http2MaxRequests: 1 } }`,
  );
  const client = clientOf(t, mesh);
  const first = ask(client, 'x');
  const { error } = await ask(client, 'x');
  assert.equal(error?.code, status.UNAVAILABLE);
  assert.match(error?.details ?? '', /HEDDLE_OVERLOADED.*UO/);
  while (waiting.length === 0) await new Promise(setImmediate);
  waiting[0]!(null, Buffer.from('done'));
  assert.equal((await first).message, 'done');
});

test('a unary call is mirrored', async (t) => {
  const [one, two] = [await peer(t, 'v1'), await peer(t, 'v2')];
  const mesh = await meshTo(
    t,
    [one, two],
    routes(`  http:
  - route: [{ destination: { host: reviews.mesh, subset: v1 } }]
    mirror: { host: reviews.mesh, subset: v2 }`),
  );
  assert.equal((await ask(clientOf(t, mesh), 'x')).message, 'v1');
  while (two.calls.length === 0) await new Promise(setImmediate);
});

test('a late call is hedged', async (t) => {
  const late = await peer(t, 'late', () => {});
  const mesh = await meshTo(
    t,
    [late, await peer(t, 'v2')],
    `${routes(`  http:\n  - ${TO}`)}
---
apiVersion: heddle.dev/v1
kind: ResiliencePolicy
metadata: { name: reviews, namespace: default }
spec:
  host: reviews.mesh
  hedging: { maxAttempts: 2, delay: 20ms, methods: [POST] }`,
  );
  const client = clientOf(t, mesh);
  while (late.calls.length === 0) assert.equal((await ask(client, 'x')).message, 'v2');
});
