/** Servers that know nothing of the mesh stay what they are, and policy comes before them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { request } from 'undici';
import { AutoMesh, FRIENDS_ONLY, ROOT, reached } from './auto-processes.js';

const LIMIT = { timeout: 180_000 };

/** Plain text is taken; without an identity nobody is let in but to these paths. */
const OPEN = `
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: default }
spec: { mtls: { mode: PERMISSIVE } }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: open, namespace: default }
spec:
  action: ALLOW
  rules: [{ to: [{ operation: { paths: [/open, /facts, /hang] } }] }]
`;

async function open(t: TestContext, port: string): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Everything up to the end of the connection, or up to what was waited for. */
async function heard(socket: Socket, until = ''): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (until !== '' && text.includes(until)) break;
  }
  return text;
}

function asking(path: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n`;
}

test('a caller that asks first is told to go on if it is let in, and only then', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const server = await mesh.start(['limits.mjs'], { as: 'server', policy: OPEN });
  const port = await server.line();
  const allowed = await open(t, port);
  allowed.write(asking('/open'));
  assert.match(await heard(allowed, '\r\n\r\n'), /^HTTP\/1\.1 100 /);
  allowed.write('ok');
  assert.match(await heard(allowed), /^HTTP\/1\.1 200 .*whole$/s);
  const denied = await open(t, port);
  denied.write(asking('/shut'));
  assert.match(await heard(denied), /^HTTP\/1\.1 403 /);
});

test(
  'a server of node:http is called over HTTP/2, too, and policy comes before it there',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const server = await mesh.start(['limits.mjs'], { as: 'server', policy: OPEN });
    const session = connectHttp2(`http://127.0.0.1:${await server.line()}`);
    t.after(() => session.destroy());
    const ask = async (path: string, body: string) => {
      const stream = session.request({ ':path': path, ':method': 'POST', ':authority': 'a' });
      const answered = once(stream, 'response');
      stream.end(body);
      const [headers] = await answered;
      let text = '';
      for await (const part of stream.setEncoding('utf8')) text += String(part);
      return [headers[':status'], text];
    };
    assert.deepEqual(await ask('/open', 'ok'), [200, 'whole']);
    assert.deepEqual(await ask('/shut', ''), [403, 'RBAC: access denied']);
  },
);

test('timeouts, limits and the closing of connections are the server’s own', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const server = await mesh.start(['limits.mjs'], { as: 'server', policy: OPEN });
  const port = await server.line();
  const facts = await open(t, port);
  facts.write('GET /facts HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(await heard(facts, 'true,true,true'), /\r\nKeep-Alive: /);
  server.kill('SIGHUP');
  assert.equal(await heard(facts), '');
  const impatient = await mesh.start(['limits.mjs', 'impatient'], { as: 'server', policy: OPEN });
  const slow = await open(t, await impatient.line());
  slow.write('GET /open HTTP/1.1\r\nHo');
  assert.match(await heard(slow), /^HTTP\/1\.1 408 /);
  const hanging = await open(t, port);
  hanging.write('GET /hang HTTP/1.1\r\nHost: a\r\n\r\n');
  await server.line((line) => line === 'hangs');
  server.kill('SIGUSR2');
  await server.line((line) => line === 'one at most');
  const dropped = await open(t, port);
  await heard(dropped).catch(() => {});
  await server.line((line) => line === 'dropped');
  server.kill('SIGCONT');
  assert.equal(await heard(hanging), '');
});

test('a port that is excluded answers plain text where others refuse it', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const reserve = pathToFileURL(join(ROOT, 'test/end-to-end/auto-apps/reserve.mjs'));
  const server = await mesh.start(['limits.mjs'], {
    as: 'server',
    policy: FRIENDS_ONLY,
    env: { NODE_OPTIONS: `--import ${reserve}` },
  });
  const probes = await server.line((line) => line.startsWith('probes '));
  const port = await server.line((line) => /^\d+$/.test(line));
  const answer = await request(`http://127.0.0.1:${probes.split(' ')[1]}/`);
  assert.equal(await answer.body.text(), 'healthy');
  await assert.rejects(request(`http://127.0.0.1:${port}/`));
});

test('a mesh that the application joins itself is another one beside it', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const beside = await mesh.start(['beside.mjs', pathToFileURL(join(ROOT, 'dist')).href], {
    as: 'server',
    policy: FRIENDS_ONLY,
  });
  const port = await beside.line();
  const policy = reached('beside.test', [port]);
  const asked = JSON.stringify([{ url: 'http://beside.test/' }]);
  const friend = await mesh.start(['ask.mjs', asked], { as: 'friend', policy });
  assert.deepEqual(await friend.exit, { code: 0, signal: null }, friend.stderr);
  assert.deepEqual(friend.lines, ['200 spiffe://cluster.local/ns/default/sa/friend undefined']);
  const stranger = await mesh.start(['ask.mjs', asked], { as: 'stranger', policy });
  await stranger.exit;
  assert.deepEqual(stranger.lines, ['403 RBAC: access denied']);
  beside.kill('SIGTERM');
  assert.deepEqual(await beside.exit, { code: 0, signal: null }, beside.stderr);
  assert.deepEqual(beside.lines, [
    port,
    'false 1 0',
    'HEDDLE_NO_ROUTE',
    'HEDDLE_NO_ROUTE',
    'HEDDLE_CLOSED HEDDLE_NO_ROUTE',
  ]);
});

test(
  'a port that the application opens with the mesh that was joined is made known once',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const app = ['own-port.mjs', pathToFileURL(join(ROOT, 'dist')).href];
    const server = await mesh.start(app, { as: 'server', policy: FRIENDS_ONLY });
    assert.deepEqual(await server.exit, { code: 0, signal: null }, server.stderr);
    assert.deepEqual(server.lines, ['true']);
  },
);
