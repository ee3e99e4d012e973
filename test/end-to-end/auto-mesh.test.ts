/** Unchanged applications, where identity and endpoints come from a config service; the example; and workers that share a port. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { AUTO, AutoMesh, FRIENDS_ONLY, folder, ROOT, reached } from './auto-processes.js';
import { Child } from './child.js';
import { ConfigService } from './config-service.js';

const LIMIT = { timeout: 180_000 };

function start(t: TestContext, app: readonly string[], env: Record<string, string>): Child {
  const [file, ...args] = app;
  return Child.run(
    t,
    process.execPath,
    ['--import', AUTO, join(ROOT, 'test/end-to-end/auto-apps', file!), ...args],
    env,
  );
}

test('a config service gives unchanged applications identity, endpoints and policy', LIMIT, async (t) => {
  const service = await ConfigService.start(t);
  await service.post('/v1/apply', {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'default' },
    spec: { mtls: { mode: 'STRICT' } },
  });
  const { HEDDLE_SERVICE_PORT: _any, ...environment } = await service.environment('reviews');
  // It asks for any free port, so callers know it by 80.
  const reviews = start(t, ['service.cjs', 'reviews'], environment);
  const port = await reviews.line();
  const client = start(t, ['load.mjs', 'http://reviews/'], await service.environment('productpage'));
  await client.line((line) => line === 'ok reviews');
  await assert.rejects(request(`http://127.0.0.1:${port}/`));
  // Nobody needs the config service for what is going on.
  await service.kill();
  const from = client.lines.length;
  for (let i = 0; i < 20; i += 1) assert.equal(await client.line(() => true, from + i), 'ok reviews');
  client.kill('SIGTERM');
  assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
  reviews.kill('SIGTERM');
  assert.deepEqual(await reviews.exit, { code: null, signal: 'SIGTERM' }, reviews.stderr);
});

test('workers that share a port are ports of the mesh', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const workers = await mesh.start(['cluster.cjs'], { as: 'server', policy: FRIENDS_ONLY });
  const port = await workers.line();
  const asked = JSON.stringify([{ url: 'http://cluster.test/', times: 3 }]);
  const policy = reached('cluster.test', [port]);
  const friend = await mesh.start(['ask.mjs', asked], { as: 'friend', policy });
  assert.deepEqual(await friend.exit, { code: 0, signal: null }, friend.stderr);
  for (const line of friend.lines) assert.match(line, /^200 worker \d+$/);
  const stranger = await mesh.start(['ask.mjs', asked], { as: 'stranger', policy });
  await stranger.exit;
  for (const line of stranger.lines) assert.equal(line, '403 RBAC: access denied');
  workers.kill('SIGTERM');
  assert.deepEqual(await workers.exit, { code: 0, signal: null }, workers.stderr);
});

test('the example prints what its README says', LIMIT, async (t) => {
  const example = join(ROOT, 'examples/auto');
  const port = String(await freePort());
  const place = await folder(t);
  cpSync(join(example, 'policy.yaml'), join(place, 'policy.yaml'));
  const policy = join(place, 'policy.yaml');
  writeFileSync(policy, readFileSync(policy, 'utf8').replace('9301', port));
  const given = ['--import', AUTO];
  const env = { HEDDLE_POLICY: policy };
  const service = Child.run(t, process.execPath, [...given, join(example, 'service.cjs')], {
    ...env,
    HEDDLE_SERVICE: 'greeter',
    PORT: port,
  });
  assert.equal(await service.line(), 'the service listens');
  const said = spawnSync(process.execPath, [...given, join(example, 'client.mjs')], {
    encoding: 'utf8',
    env,
  });
  assert.equal(said.status, 0, said.stdout + said.stderr);
  assert.equal(said.stdout, readFileSync(join(example, 'expected.txt'), 'utf8'));
  // As the README starts it.
  const named = ['--import', 'heddle/auto', '-e', 'console.log(fetch.name)'];
  const started = spawnSync(process.execPath, named, { encoding: 'utf8', env, cwd: example });
  assert.equal(started.stdout, 'fetch\n', started.stderr);
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
