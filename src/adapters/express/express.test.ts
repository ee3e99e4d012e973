import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import express, { type Express } from 'express';
import { denyPaths, get, inboundPolicy, ofMode, RawClient, TestPath } from '../../inbound/fixtures.test.js';
import { listen } from '../node-http/index.js';
import { expressMiddleware } from './index.js';

async function ask(port: number, text: string): Promise<string> {
  const caller = await RawClient.connect(port);
  caller.say(text);
  const heard = await caller.hear(/\r\n\r\n/);
  await caller.close();
  return heard;
}

async function alone(t: TestContext, app: Express): Promise<number> {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('an Express application that listens by itself is protected by the middleware', async (t) => {
  const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/admin*') }));
  const app = express();
  app.use(expressMiddleware(mesh.path));
  app.get('/admin', (_request, response) => {
    response.send('secret');
  });
  app.get('/open', (_request, response) => {
    response.send(`open ${mesh.ambient.getStore()?.path}`);
  });
  const port = await alone(t, app);
  assert.match(await ask(port, get('/a/../open')), /open \/open$/);
  for (const target of ['/admin', '/x/../admin', '/%61dmin']) {
    assert.match(await ask(port, get(target)), /403 Forbidden[\s\S]*RBAC: access denied$/);
  }
  const exchanges = await mesh.endedBy(4);
  assert.deepEqual(
    exchanges.map(({ status }) => status),
    [200, 403, 403, 403],
  );
  assert.ok((exchanges[0]?.bytesSent ?? 0) > 0);
});

test('behind mesh.listen the middleware passes on what has been decided', async (t) => {
  const mesh = new TestPath();
  const app = express();
  app.use(expressMiddleware(mesh.path));
  app.get('/open', (_request, response) => {
    response.json({ path: mesh.ambient.getStore()?.path });
  });
  const listening = await listen(mesh.path, { target: app, port: 0, tls: null }, { address: '127.0.0.1' });
  t.after(() => listening.close(0));
  assert.match(await ask(listening.port, get('/open')), /200 OK[\s\S]*\{"path":"\/open"\}$/);
  await mesh.endedBy(1);
  assert.equal(mesh.started.length, 1);
});

test('below a mount the whole path is checked, and one that changes by it is refused', async (t) => {
  const mesh = new TestPath(inboundPolicy({ authorization: denyPaths('/api/admin') }));
  const app = express();
  app.use('/api', expressMiddleware(mesh.path), (request, response) => {
    response.send(`below ${request.url}`);
  });
  const port = await alone(t, app);
  assert.match(await ask(port, get('/api/admin')), /^HTTP\/1\.1 403/);
  assert.match(await ask(port, get('/api/a?b=1')), /below \/a\?b=1$/);
  assert.match(await ask(port, get('/api/../open')), /^HTTP\/1\.1 400/);
});

test('on a port that Express opened itself nobody has an identity, so that STRICT refuses everything', async (t) => {
  const mesh = new TestPath(ofMode('STRICT'));
  const app = express();
  app.use(expressMiddleware(mesh.path));
  const port = await alone(t, app);
  assert.match(await ask(port, get('/')), /^HTTP\/1\.1 403/);
  const [exchange] = await mesh.endedBy(1);
  assert.equal(exchange?.refusal?.because, 'mtls_strict_plain_text');
});
