/** `c.get('mesh')`, and who is let in, on a port that Hono's server opened itself and in `app.request`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { denyPaths, memberOf, peerAuthentication, policies } from '@heddle/testkit';
import { serve } from '@hono/node-server';
import type { Mesh, MeshContext } from 'heddle';
import { Hono } from 'hono';
import { heddle } from './index.js';

const mtls = (mode: string) => policies(peerAuthentication(mode), denyPaths('/shut'));

function service(mesh: Mesh): Hono {
  const app = new Hono();
  app.use(heddle(mesh));
  app.get('/throws', () => {
    throw new Error('out of order');
  });
  app.get('/*', (c) => {
    const context: MeshContext | undefined = c.get('mesh');
    assert.deepEqual(context, mesh.context());
    return c.text(`${c.req.path} ${context?.peer} ${context?.because}`);
  });
  app.onError((error, c) => c.text(error.message, 500));
  return app;
}

async function listen(t: TestContext, app: Hono): Promise<number> {
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await once(server, 'listening');
  t.after(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** As it is: a client that is polite would make the path another. */
function ask(port: number, path: string): Promise<[status: number | undefined, body: string]> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, async (response) => {
      resolve([response.statusCode, (await response.toArray()).join('')]);
    }).on('error', reject);
  });
}

test('on a port that Hono opened itself policy is asked, and a handler knows what it said', async (t) => {
  const port = await listen(t, service(await memberOf(t, mtls('PERMISSIVE'))));
  assert.deepEqual(await ask(port, '/open'), [200, '/open null rbac_access_allowed_no_policy']);
  assert.deepEqual(await ask(port, '/shut'), [403, 'RBAC: access denied']);
});

test('a path that is checked as another than Hono has read is refused', async (t) => {
  const port = await listen(t, service(await memberOf(t, mtls('PERMISSIVE'))));
  assert.deepEqual(await ask(port, '/open/../shut'), [403, 'RBAC: access denied']);
  assert.deepEqual(await ask(port, '/shut/../open'), [400, 'Bad Request']);
});

test('on a port that Hono opened itself nobody has an identity, so that STRICT refuses everything', async (t) => {
  const port = await listen(t, service(await memberOf(t, mtls('STRICT'))));
  assert.deepEqual(await ask(port, '/open'), [403, 'RBAC: access denied']);
});

test('what a handler throws goes to Hono', async (t) => {
  const port = await listen(t, service(await memberOf(t, mtls('PERMISSIVE'))));
  assert.deepEqual(await ask(port, '/throws'), [500, 'out of order']);
});

test('app.request is answered without a mesh, whatever policy says', async (t) => {
  const answer = await service(await memberOf(t, mtls('STRICT'))).request('/shut');
  assert.deepEqual([answer.status, await answer.text()], [200, '/shut undefined undefined']);
});
