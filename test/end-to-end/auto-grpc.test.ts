/** Clients and servers of grpc-js as they are, in one mesh, on every Node. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AUTO, AutoMesh, absent, FRIENDS_ONLY, folder, NODES, ROOT, reached } from './auto-processes.js';
import { Child } from './child.js';

const LIMIT = { timeout: 180_000 };

for (const { name, program } of NODES)
  test(`${name}: unchanged clients of grpc-js and of nice-grpc reach an unchanged server by mutual TLS alone, and no stranger does`, {
    ...LIMIT,
    skip: absent(program),
  }, async (t) => {
    const mesh = await AutoMesh.create(t, program);
    const server = await mesh.start(['grpc-serve.cjs'], { as: 'server', policy: FRIENDS_ONLY });
    const port = await server.line();
    const policy = reached('greeter.test', [port]);

    const targets = ['greeter.test', 'dns:///greeter.test:80', 'heddle:///greeter.test:80'];
    const friend = await mesh.start(['grpc-call.cjs', ...targets], { as: 'friend', policy });
    assert.deepEqual(await friend.exit, { code: 0, signal: null }, friend.stderr);
    const answers = ['hello, unary', 'stream 1,stream 2,stream 3'];
    assert.deepEqual(friend.lines, [...answers, ...answers, ...answers]);

    const module = await mesh.start(['grpc-call.mjs', ...targets], { as: 'friend', policy });
    assert.deepEqual(await module.exit, { code: 0, signal: null }, module.stderr);
    assert.deepEqual(module.lines, ['hello, unary', 'hello, unary', 'hello, unary']);

    const stranger = await mesh.start(['grpc-call.cjs', 'greeter.test'], { as: 'stranger', policy });
    assert.deepEqual(await stranger.exit, { code: 0, signal: null }, stranger.stderr);
    const denied = 'PERMISSION_DENIED RBAC: access denied';
    assert.deepEqual(stranger.lines, [denied, denied]);

    // Outside of the mesh nothing is heard of it.
    const plain = await mesh.start(['grpc-call.cjs', `127.0.0.1:${port}`], {
      as: 'friend',
      env: { HEDDLE_AUTO: 'in' },
    });
    assert.deepEqual(await plain.exit, { code: 0, signal: null }, plain.stderr);
    for (const line of plain.lines) assert.match(line, /^UNAVAILABLE /);
  });

test(
  'what is excluded is called as without a mesh; what policy does not know is refused, by TLS of its own, too',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const server = await mesh.start(['grpc-serve.cjs'], { as: 'server', env: { HEDDLE_AUTO: 'out' } });
    const place = `127.0.0.1:${await server.line()}`;
    const refused = await mesh.start(['grpc-call.cjs', place, `ssl+${place}`], { as: 'friend' });
    assert.deepEqual(await refused.exit, { code: 0, signal: null }, refused.stderr);
    assert.equal(refused.lines.length, 4);
    for (const line of refused.lines) assert.match(line, /^UN\w+ .*HEDDLE_NO_ROUTE/);
    const excluded = await mesh.start(['grpc-call.cjs', place], {
      as: 'friend',
      env: { HEDDLE_AUTO_EXCLUDE: place },
    });
    assert.deepEqual(await excluded.exit, { code: 0, signal: null }, excluded.stderr);
    assert.deepEqual(excluded.lines, ['hello, unary', 'stream 1,stream 2,stream 3']);
  },
);

test('a server that is shut down lets what is under way finish, and its process ends', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const server = await mesh.start(['grpc-serve.cjs'], { as: 'server', policy: FRIENDS_ONLY });
  const policy = reached('greeter.test', [await server.line()]);
  const client = await mesh.start(['grpc-call.cjs', 'wait+greeter.test'], { as: 'friend', policy });
  await server.line((line) => line === 'somebody waits');
  server.kill('SIGTERM');
  server.kill('SIGUSR2');
  assert.equal(await client.line(), 'waited');
  assert.deepEqual(await server.exit, { code: 0, signal: null }, server.stderr);
  assert.equal(server.lines.at(-1), 'shut down well');
});

test('of several ports the first is made known, whether it speaks gRPC or HTTP', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  for (const [first, known] of [
    ['grpc', 'GRPC'],
    ['http', 'HTTP'],
  ] as const) {
    const service = await mesh.start(['grpc-beside.mjs', AUTO, first], { as: 'server' });
    assert.deepEqual(await service.exit, { code: 0, signal: null }, service.stderr);
    assert.deepEqual(service.lines, ['not bound twice', known]);
  }
});

test(
  'without @heddle/grpc beside it, gRPC stays outside of the mesh, and one line says what to install',
  LIMIT,
  async (t) => {
    const { auto, app } = await withoutPackage(t);
    const mesh = await AutoMesh.create(t);
    const start = async (file: string, ...args: string[]) => {
      const env = await mesh.environment({ as: 'server' });
      return Child.run(t, process.execPath, ['--import', auto, join(app, file), ...args], env);
    };
    const server = await start('grpc-serve.cjs');
    const place = `127.0.0.1:${await server.line()}`;
    const client = await start('grpc-call.cjs', place, place);
    assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
    assert.equal(client.lines[0], 'hello, unary');
    for (const { stderr } of [server, client])
      assert.equal(
        stderr.match(/gRPC of this process stays outside .* npm install @heddle\/grpc/g)?.length,
        1,
        stderr,
      );
  },
);

/** This package and the applications where everything is installed but `@heddle/grpc`. */
async function withoutPackage(t: TestContext) {
  const place = await folder(t);
  for (const name of ['dist', 'package.json', 'schemas'])
    cpSync(join(ROOT, name), join(place, name), { recursive: true });
  const modules = join(place, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@heddle') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  const app = join(place, 'app');
  cpSync(join(ROOT, 'test/end-to-end/auto-apps'), app, { recursive: true });
  return { auto: join(place, AUTO.slice(ROOT.length)), app };
}
