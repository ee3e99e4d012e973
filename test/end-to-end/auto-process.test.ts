/** The life of a process that joined by `--import heddle/auto`: its start, its oddities, and its end. */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { AUTO, AutoMesh, FRIENDS_ONLY, folder, reached } from './auto-processes.js';

const LIMIT = { timeout: 180_000 };

async function odd(t: TestContext, what: readonly string[], env: Record<string, string> = {}) {
  const mesh = await AutoMesh.create(t);
  const process = await mesh.start(['odd.mjs', ...what], { as: 'server', env });
  assert.deepEqual(await process.exit, { code: 0, signal: null }, process.stderr);
  return process;
}

test(
  'a process that cannot join ends with 1 before its application starts, and one line says what was missing',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    for (const [env, said] of [
      [{ HEDDLE_POLICY: '' }, /nothing says where policy comes from: set HEDDLE_CONTROL/],
      [{ HEDDLE_POLICY: '/nowhere/at/all' }, /\/nowhere\/at\/all/],
      [{ HEDDLE_AUTO: 'sideways' }, /HEDDLE_AUTO: "sideways" is not valid, expected one of both, in, out/],
      [{ HEDDLE_AUTO_EXCLUDE: 'a b' }, /HEDDLE_AUTO_EXCLUDE: "a b" is not valid/],
      [{ HEDDLE_AUTO_PORTS: '80,x' }, /HEDDLE_AUTO_PORTS: "x" is not valid/],
      [
        {
          HEDDLE_POLICY: '',
          HEDDLE_CONTROL: 'https://127.0.0.1:1',
          HEDDLE_TOKEN: 'x',
        },
        /HEDDLE_/,
      ],
    ] as const) {
      const process = await mesh.start(['service.cjs', 'never'], { env });
      assert.deepEqual(await process.exit, { code: 1, signal: null });
      assert.deepEqual(process.lines, []);
      const last = process.stderr.trimEnd().split('\n').at(-1)!;
      assert.match(last, /^heddle: heddle\/auto: the application was not started/);
      assert.match(last, said);
    }
  },
);

test('a process with nothing left to do leaves the mesh and ends', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const idle = await mesh.start(['ask.mjs', '[]'], { as: 'server' });
  assert.deepEqual(await idle.exit, { code: 0, signal: null }, idle.stderr);
});

test(
  'SIGTERM that nobody listens for lets what is under way finish, and then ends the process by it',
  LIMIT,
  async (t) => {
    const mesh = await AutoMesh.create(t);
    const server = await mesh.start(['service.cjs', 'slow'], { as: 'server' });
    const port = await server.line();
    const slow = request(`http://127.0.0.1:${port}/slow`).then(({ body }) => body.text());
    await server.line((line) => line === 'slow');
    server.kill('SIGTERM');
    server.kill('SIGUSR2');
    assert.equal(await slow, 'slow, but whole');
    assert.deepEqual(await server.exit, { code: null, signal: 'SIGTERM' }, server.stderr);
  },
);

test('a second SIGTERM ends the process at once, whatever is under way', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const env = { HEDDLE_DRAIN_TIMEOUT_MS: '3600000' };
  const server = await mesh.start(['service.cjs', 'slow'], { as: 'server', env });
  const port = await server.line();
  const slow = request(`http://127.0.0.1:${port}/slow`).then(({ body }) => body.text());
  const broken = assert.rejects(slow);
  await server.line((line) => line === 'slow');
  server.kill('SIGTERM');
  // The first was heard when nobody is let in any more.
  const asks = () =>
    request(`http://127.0.0.1:${port}/`).then(
      ({ body }) => body.dump(),
      () => 'refused',
    );
  while ((await asks()) !== 'refused');
  server.kill('SIGTERM');
  assert.deepEqual(await server.exit, { code: null, signal: 'SIGTERM' }, server.stderr);
  await broken;
});

test('an application that throws ends as without a mesh', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const process = await mesh.start(['odd.mjs', 'throws'], { as: 'server' });
  assert.deepEqual(await process.exit, { code: 1, signal: null });
  assert.match(process.stderr, /Error: nobody catches this/);
});

test('an application that closes its server at SIGTERM does it its own way', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const server = await mesh.start(['service.cjs', 'slow', 'closes'], { as: 'server' });
  const port = await server.line();
  const slow = request(`http://127.0.0.1:${port}/slow`).then(({ body }) => body.text());
  await server.line((line) => line === 'slow');
  server.kill('SIGTERM');
  server.kill('SIGUSR2');
  assert.equal(await slow, 'slow, but whole');
  assert.deepEqual(await server.exit, { code: 0, signal: null }, server.stderr);
  assert.equal(server.lines.at(-1), 'closed');
});

for (const whenTold of ['nothing', 'closes'])
  test(
    `no request is lost when one of two servers is ended under load (at SIGTERM it does ${whenTold})`,
    LIMIT,
    async (t) => {
      const mesh = await AutoMesh.create(t);
      const start = (name: string) =>
        mesh.start(['service.cjs', name, whenTold], { as: 'server', policy: FRIENDS_ONLY });
      const [first, second] = await Promise.all([start('first'), start('second')]);
      const policy = reached('svc.test', [await first.line(), await second.line()]);
      const client = await mesh.start(['load.mjs', 'http://svc.test/'], { as: 'friend', policy });
      await client.line((line) => line === 'ok first');
      await client.line((line) => line === 'ok second');
      const from = client.lines.length;
      first.kill('SIGTERM');
      await first.exit;
      for (let i = 0; i < 50; i += 1) await client.line((line) => line === 'ok second', from + i);
      client.kill('SIGTERM');
      assert.deepEqual(await client.exit, { code: 0, signal: null }, client.stderr);
      assert.deepEqual(
        client.lines.filter((line) => !line.startsWith('ok ')),
        [],
      );
    },
  );

test(
  'Unix sockets, workers, agents that connect by themselves and servers of HTTPS and of node:http2 are left as they are',
  LIMIT,
  async (t) => {
    const place = join(await folder(t), 'socket');
    assert.deepEqual((await odd(t, ['unix', place])).lines, ['by a Unix socket']);
    assert.deepEqual((await odd(t, ['worker'])).lines, ['function 0']);
    const https = await odd(t, ['https']);
    assert.match(https.stderr, /port \d+ is an HTTPS server with its own certificate/);
    const http2 = await odd(t, ['http2']);
    assert.equal(http2.stderr.match(/port \d+ is a server of node:http2/g)?.length, 2, http2.stderr);
    const mesh = await AutoMesh.create(t);
    const server = await mesh.start(['service.cjs', 'by hand'], { as: 'server' });
    const own = await odd(t, ['own-agent', await server.line()]);
    assert.deepEqual(own.lines, ['by hand', 'HEDDLE_NO_ROUTE']);
  },
);

test('a second copy of the package joins nothing, and says so once', LIMIT, async (t) => {
  const copies = await odd(t, ['copy', dirname(AUTO)]);
  assert.deepEqual(copies.lines, ['true server']);
  assert.equal(copies.stderr.match(/is at work already/g)?.length, 1, copies.stderr);
});

test('a server may listen again, and closes as it does without a mesh', LIMIT, async (t) => {
  const again = await odd(t, ['again'], { HEDDLE_AUTO_EXCLUDE: '127.0.0.1' });
  assert.deepEqual(again.lines, ['again', 'again', 'null false']);
});

test('the debugger is nobody of the mesh, nor is a port that is excluded', LIMIT, async (t) => {
  const mesh = await AutoMesh.create(t);
  const policy = FRIENDS_ONLY;
  const debugged = await mesh.start(['service.cjs', 'debugged'], {
    as: 'server',
    policy,
    env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
  });
  const port = await debugged.line();
  const inspector = /ws:\/\/(127\.0\.0\.1:\d+)\//.exec(debugged.stderr)![1]!;
  assert.equal((await request(`http://${inspector}/json/version`)).statusCode, 200);
  await assert.rejects(request(`http://127.0.0.1:${port}/`));
  const open = await mesh.start(['service.cjs', 'open'], {
    as: 'server',
    policy,
    env: { HEDDLE_AUTO_PORTS: '1' },
  });
  assert.equal((await request(`http://127.0.0.1:${await open.line()}/`)).statusCode, 200);
});
