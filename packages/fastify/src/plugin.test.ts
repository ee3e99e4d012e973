/** `request.mesh`, and who is let in, on a port that Fastify opened itself and in `app.inject`. */
import assert from 'node:assert/strict';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { denyPaths, memberOf, peerAuthentication, policies } from '@heddle/testkit';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Mesh, MeshContext } from 'heddle';
import { heddle } from './index.js';

const mtls = (mode: string) => policies(peerAuthentication(mode), denyPaths('/shut'));

async function service(t: TestContext, mesh: Mesh): Promise<FastifyInstance> {
  const app = Fastify();
  await app.register(heddle, { mesh });
  // A branch of the application: what the plugin decorates is there, too.
  await app.register(async (branch) => {
    branch.get('/*', (request) => request.mesh ?? { nobody: request.url });
  });
  t.after(() => app.close());
  return app;
}

/** As it is: a client that is polite would make the path another. */
function ask(app: FastifyInstance, path: string): Promise<[status: number | undefined, body: string]> {
  const { port } = app.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, async (response) => {
      resolve([response.statusCode, (await response.toArray()).join('')]);
    }).on('error', reject);
  });
}

test('on a port that Fastify opened itself policy is asked, and a handler knows what it said', async (t) => {
  const app = await service(t, await memberOf(t, mtls('PERMISSIVE')));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const [status, body] = await ask(app, '/open');
  const { peer, policy, because } = JSON.parse(body) as MeshContext;
  assert.deepEqual([status, peer, policy, because], [200, null, null, 'rbac_access_allowed_no_policy']);
  assert.deepEqual(await ask(app, '/shut'), [403, 'RBAC: access denied']);
});

test('a path that is checked as another than Fastify has chosen the route by is refused', async (t) => {
  const app = await service(t, await memberOf(t, mtls('PERMISSIVE')));
  await app.listen({ port: 0, host: '127.0.0.1' });
  assert.deepEqual(await ask(app, '/open/../shut'), [403, 'RBAC: access denied']);
  assert.deepEqual(await ask(app, '/shut/../open'), [400, 'Bad Request']);
});

test('on a port that Fastify opened itself nobody has an identity, so that STRICT refuses everything', async (t) => {
  const app = await service(t, await memberOf(t, mtls('STRICT')));
  await app.listen({ port: 0, host: '127.0.0.1' });
  assert.deepEqual(await ask(app, '/open'), [403, 'RBAC: access denied']);
});

test('app.inject is answered without a mesh, whatever policy says', async (t) => {
  const app = await service(t, await memberOf(t, mtls('STRICT')));
  assert.deepEqual((await app.inject('/shut')).json(), { nobody: '/shut' });
});
