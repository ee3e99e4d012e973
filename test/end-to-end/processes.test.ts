/** Real processes: a config service, a service and its caller, and what happens when one of them goes. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { Child } from './child.js';
import { ConfigService, folder } from './config-service.js';

const LIMIT = { timeout: 180_000 };

test(
  'processes in one mesh, and the config service killed and started again under load',
  LIMIT,
  async (t) => {
    const service = await ConfigService.start(t);
    await service.post('/v1/apply', {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'default' },
      spec: { mtls: { mode: 'STRICT' } },
    });
    await service.version('one');
    const reviews = Child.start(t, './reviews.child.js', [], await service.environment('reviews'));
    await reviews.line();
    const caller = Child.start(t, './caller.child.js', [], await service.environment('productpage'));

    // An unknown host is told at once, with its flag; then the calls are served, over mutual TLS.
    assert.equal(await caller.line(), 'unknown HEDDLE_NO_ROUTE NR');
    const served = (version: string) =>
      `ok ${version} reviews for spiffe://cluster.local/ns/default/sa/productpage`;
    await caller.line((line) => line === served('one'));
    const since = caller.lines.indexOf(served('one'));
    const answers = async (count: number) => {
      const from = caller.lines.length;
      for (let i = 0; i < count; i += 1) await caller.line(() => true, from + i);
    };

    // The config service is killed: nobody notices, for as long as it takes.
    await service.kill();
    await answers(200);
    // It comes back: both are taken up again, and the next change is in force.
    await service.run();
    await service.version('two');
    await caller.line((line) => line === served('two'), since);
    await answers(100);

    // The caller first: without reviews, the calls that it has under way would have nowhere to go.
    caller.kill('SIGTERM');
    assert.deepEqual(await caller.exit, { code: 0, signal: null }, caller.stderr);
    reviews.kill('SIGTERM');
    assert.deepEqual(await reviews.exit, { code: 0, signal: null }, reviews.stderr);
    const failures = caller.lines.slice(since).filter((line) => line.startsWith('failed'));
    assert.deepEqual(failures, []);
  },
);

test(
  'a service that is told to leave finishes what it has begun, and its process ends by itself',
  LIMIT,
  async (t) => {
    const service = await ConfigService.start(t);
    const environment = await service.environment('reviews');
    const reviews = Child.start(t, './reviews.child.js', [], environment);
    const port = await reviews.line();
    // In the default mode, PERMISSIVE, plain text is served too.
    const slow = request(`http://127.0.0.1:${port}/slow`).then(({ body }) => body.text());
    await reviews.line((line) => line === 'slow');
    reviews.kill('SIGTERM');
    // It has begun to leave once it has told the config service; the caller is answered all the same.
    reviews.kill('SIGUSR2');
    assert.equal(await slow, 'reviews for null');
    assert.deepEqual(await reviews.exit, { code: 0, signal: null }, reviews.stderr);
  },
);

test('a join that cannot succeed ends in time and says what was missing', LIMIT, async (t) => {
  const service = await ConfigService.start(t);
  const environment = { ...(await service.environment('productpage')), HEDDLE_JOIN_TIMEOUT_MS: '300' };
  await service.kill();
  const child = Child.start(t, './once.child.js', ['http://reviews/'], environment);
  assert.deepEqual(await child.exit, { code: 1, signal: null });
  assert.match(child.stderr, /HEDDLE_JOIN_FAILED/);
  assert.ok(child.stderr.includes(service.relay.url), child.stderr);
  const unset = Child.start(t, './once.child.js', ['http://reviews/']);
  assert.deepEqual(await unset.exit, { code: 1, signal: null });
  assert.match(
    unset.stderr,
    /HEDDLE_INVALID_SETTING\] nothing says where policy comes from: set HEDDLE_CONTROL/,
  );
});

/** A client with policy from a file, and a service that answers, or one that refuses connections. */
async function alone(t: TestContext, target: number, args: readonly string[]): Promise<Child> {
  const policy = path(await folder(t), 'policy.yaml');
  await writeFile(
    policy,
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${target} } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: svc, namespace: default }
spec:
  hosts: [svc.test]
  http:
    - route: [{ destination: { host: svc.test } }]
      retries: { attempts: 2, retryOn: connect-failure, backoff: 100ms }
`,
  );
  return Child.start(t, './once.child.js', args, { HEDDLE_POLICY: policy });
}

test('an idle mesh does not keep its process alive, closed or not', LIMIT, async (t) => {
  const service = await ConfigService.start(t);
  const reviews = Child.start(t, './reviews.child.js', [], await service.environment('reviews'));
  const port = Number(await reviews.line());
  for (const close of [['close'], []]) {
    const child = await alone(t, port, ['http://svc.test/', ...close]);
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr);
    assert.deepEqual(child.lines, ['200']);
  }
});

test('a process that only waits for a retry does not end before it', LIMIT, async (t) => {
  const dead = await alone(t, 1, ['http://svc.test/']);
  assert.deepEqual(await dead.exit, { code: 0, signal: null }, dead.stderr);
  assert.deepEqual(dead.lines, ['HEDDLE_CONNECT_FAILED after 3']);
});
