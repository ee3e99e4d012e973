import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Client, credentials, status } from '@grpc/grpc-js';
import { HealthImplementation, service as health } from 'grpc-health-check';
import { dial, echo, failureOf, serve } from './fixtures.test.helper.js';

interface Told {
  readonly status: string;
}

function watcher(t: TestContext, port: number) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => client.close());
  const { Check, Watch } = health as unknown as Record<'Check' | 'Watch', typeof health.Check>;
  const check = (service: string) =>
    new Promise<string>((resolve, reject) => {
      client.makeUnaryRequest<object, Told>(
        Check!.path,
        Check!.requestSerialize,
        Check!.responseDeserialize as (bytes: Buffer) => Told,
        { service },
        (error, value) => (error === null ? resolve(value!.status) : reject(error)),
      );
    });
  const watch = (service: string) =>
    client.makeServerStreamRequest<object, Told>(
      Watch!.path,
      Watch!.requestSerialize,
      Watch!.responseDeserialize as (bytes: Buffer) => Told,
      { service },
    );
  return { check, watch };
}

test('the server and each of its services serve until the mesh closes, and whoever watches is told', async (t) => {
  const { port, mesh } = await serve(t, echo(), { listen: { health: true } });
  const { check, watch } = watcher(t, port);
  assert.equal(await check(''), 'SERVING');
  assert.equal(await check('test.Echo'), 'SERVING');
  assert.equal((await failureOf(check('test.Other'))).code, status.NOT_FOUND);
  const stream = watch('test.Echo');
  const told: string[] = [];
  stream.on('data', (one: Told) => told.push(one.status));
  const ended = once(stream, 'status');
  await once(stream, 'data');
  // A watcher does not hold it up.
  await Promise.all([mesh.close(), ended]);
  assert.deepEqual(told, ['SERVING', 'NOT_SERVING']);
});

test('statuses that the application sets stay as it sets them', async (t) => {
  const own = new HealthImplementation({ '': 'SERVING', 'test.Echo': 'NOT_SERVING' });
  const { port } = await serve(t, echo(), { listen: { health: own } });
  const { check } = watcher(t, port);
  assert.deepEqual([await check(''), await check('test.Echo')], ['SERVING', 'NOT_SERVING']);
  own.setStatus('test.Echo', 'SERVING');
  assert.equal(await check('test.Echo'), 'SERVING');
});

test('policy holds for the health service, too', async (t) => {
  const policy = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: health, namespace: default }
spec: { rules: [{ to: [{ operation: { paths: [/grpc.health.v1.Health/*] } }] }] }
`;
  const open = await serve(t, echo(), { policy, listen: { health: true } });
  assert.equal(await watcher(t, open.port).check(''), 'SERVING');
  assert.equal((await failureOf(dial(t, open.port).one('x'))).code, status.PERMISSION_DENIED);
  const closed = await serve(t, echo(), {
    policy: policy.replace('grpc.health.v1.Health', 'test.Echo'),
    listen: { health: true },
  });
  assert.equal((await failureOf(watcher(t, closed.port).check(''))).code, status.PERMISSION_DENIED);
});

test('a server that has a health service already is refused', async (t) => {
  const server = echo();
  new HealthImplementation().addToServer(server);
  await assert.rejects(serve(t, server, { listen: { health: true } }), {
    code: 'HEDDLE_INVALID_ARGUMENT',
    message: /has a health service already/,
  });
});
