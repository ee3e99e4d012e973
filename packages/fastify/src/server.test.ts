/** `app.listen` and `app.close` where the port is the mesh's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { memberOf } from '@heddle/testkit';
import Fastify, { type FastifyInstance } from 'fastify';
import { isMeshError, type Mesh } from 'heddle';
import { type MeshPortOptions, meshServer } from './index.js';

const member = (t: TestContext) => memberOf(t, '', { service: 'greeter' });

function service(t: TestContext, mesh: Mesh, options?: MeshPortOptions): FastifyInstance {
  const app = Fastify({ serverFactory: meshServer(mesh, options) });
  t.after(() => app.close());
  return app;
}

test('app.listen opens a port of the mesh on its address, and callers are told of it', async (t) => {
  const mesh = await member(t);
  const app = service(t, mesh, { servicePort: 80, portName: 'http-web' });
  const url = await app.listen();
  const { address, port, family } = app.server.address() as AddressInfo;
  assert.deepEqual([address, family], ['127.0.0.1', 'IPv4']);
  assert.equal(url, `http://127.0.0.1:${port}`);
  assert.deepEqual(app.addresses(), [{ address, port, family }]);
  assert.equal(app.server.listening, true);
  const [known] = mesh.status().listeners;
  assert.deepEqual([known?.port, known?.servicePort, known?.portName], [port, 80, 'http-web']);
});

test('a host that is named is the one listened on', async (t) => {
  const app = service(t, await member(t));
  await app.listen({ host: '0.0.0.0' });
  assert.equal((app.server.address() as AddressInfo).address, '0.0.0.0');
});

test('by a callback app.listen says the same', async (t) => {
  const app = service(t, await member(t));
  const said = await new Promise((resolve, reject) => {
    app.listen({ port: 0 }, (error, address) => (error === null ? resolve(address) : reject(error)));
  });
  assert.equal(said, `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
});

test('a port that cannot be had, and a Unix socket, are errors of app.listen', async (t) => {
  const mesh = await member(t);
  const first = service(t, mesh);
  await first.listen();
  const { port } = first.server.address() as AddressInfo;
  await assert.rejects(service(t, mesh).listen({ port }), (error) =>
    isMeshError(error, 'HEDDLE_INVALID_ARGUMENT'),
  );
  await assert.rejects(service(t, mesh).listen({ path: '/nowhere/no.sock' }), /no port of the mesh/);
});

test('app.close closes the port; one that was never opened, and closing twice, are no errors', async (t) => {
  const mesh = await member(t);
  await service(t, mesh).close();
  const app = service(t, mesh);
  await app.listen();
  const { port } = app.server.address() as AddressInfo;
  await app.close();
  await app.close();
  assert.equal(app.server.listening, false);
  assert.equal(app.server.address(), null);
  const [error] = (await once(get({ host: '127.0.0.1', port, agent: false }), 'error')) as [
    NodeJS.ErrnoException,
  ];
  assert.equal(error.code, 'ECONNREFUSED');
});

test('forceCloseConnections ends what is under way', async (t) => {
  const mesh = await member(t);
  const app = Fastify({ serverFactory: meshServer(mesh), forceCloseConnections: true });
  const asked = new Promise<void>((resolve) => {
    app.get('/', () => {
      resolve();
      return new Promise(() => {});
    });
  });
  await app.listen();
  const { port } = app.server.address() as AddressInfo;
  const failed = once(get({ host: '127.0.0.1', port, agent: false }), 'error');
  await asked;
  await app.close();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
});

test('upgrades reach the listeners of app.server', async (t) => {
  const app = service(t, await member(t));
  app.server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
  });
  await app.listen();
  const { port } = app.server.address() as AddressInfo;
  const headers = { connection: 'upgrade', upgrade: 'echo' };
  const [response] = await once(get({ host: '127.0.0.1', port, headers, agent: false }), 'upgrade');
  assert.equal(response.statusCode, 101);
});

test('app.inject needs no port', async (t) => {
  const app = service(t, await member(t));
  app.get('/', () => 'hello');
  assert.equal((await app.inject('/')).body, 'hello');
});
