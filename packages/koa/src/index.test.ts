/** `ctx.mesh`, and who is let in, on a port that Koa opened itself. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { denyPaths, memberOf, peerAuthentication, policies } from '@heddle/testkit';
import type { MeshContext } from 'heddle';
import Koa from 'koa';
import { heddle } from './index.js';

const mtls = (mode: string) => policies(peerAuthentication(mode), denyPaths('/shut'));

async function serve(t: TestContext, app: Koa): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
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

test('on a port that Koa opened itself policy is asked, and what was checked is what is served', async (t) => {
  const mesh = await memberOf(t, mtls('PERMISSIVE'));
  const app = new Koa();
  app.use(heddle(mesh)).use((ctx) => {
    assert.deepEqual(ctx.mesh, mesh.context());
    const context: MeshContext | undefined = ctx.mesh;
    ctx.body = `${ctx.path} ${context?.peer} ${context?.because}`;
  });
  const port = await serve(t, app);
  assert.deepEqual(await ask(port, '/open'), [200, '/open null rbac_access_allowed_no_policy']);
  assert.deepEqual(await ask(port, '/shut/../open'), [200, '/open null rbac_access_allowed_no_policy']);
  for (const target of ['/shut', '/open/../shut'])
    assert.deepEqual(await ask(port, target), [403, 'RBAC: access denied']);
});

test('middleware before it sees a refusal come back as an answer that is out already', async (t) => {
  const app = new Koa();
  const seen: unknown[] = [];
  app.use(async (ctx, next) => {
    await next();
    seen.push(ctx.respond, ctx.headerSent, ctx.res.statusCode);
  });
  app.use(heddle(await memberOf(t, mtls('STRICT'))));
  const over = once(app, 'over');
  app.use(() => assert.fail('it was let in'));
  app.middleware.unshift(async (_ctx, next) => {
    await next();
    app.emit('over');
  });
  assert.deepEqual(await ask(await serve(t, app), '/open'), [403, 'RBAC: access denied']);
  await over;
  assert.deepEqual(seen, [false, true, 403]);
});

test('below a mount the whole path is checked, and one that changes by it is refused', async (t) => {
  const mesh = await memberOf(t, mtls('PERMISSIVE'));
  const app = new Koa();
  // As koa-mount does it.
  app.use((ctx, next) => {
    ctx.path = ctx.path.replace('/api', '');
    return next();
  });
  app.use(heddle(mesh)).use((ctx) => {
    ctx.body = `below ${ctx.url}`;
  });
  const port = await serve(t, app);
  assert.deepEqual(await ask(port, '/api/shut?a=1'), [200, 'below /shut?a=1']);
  assert.deepEqual(await ask(port, '/api/../open'), [400, 'Bad Request']);
});

test('what a handler throws goes to Koa', async (t) => {
  const app = new Koa();
  const errors: Error[] = [];
  app.on('error', (error: Error) => errors.push(error));
  app.use(heddle(await memberOf(t, mtls('PERMISSIVE')))).use(() => {
    throw new Error('out of order');
  });
  assert.deepEqual(await ask(await serve(t, app), '/open'), [500, 'Internal Server Error']);
  assert.deepEqual(
    errors.map(({ message }) => message),
    ['out of order'],
  );
});
