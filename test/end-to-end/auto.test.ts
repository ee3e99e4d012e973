/** Unchanged services and unchanged clients in one mesh: every server with every client, on every Node. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { AutoMesh, absent, FRIENDS_ONLY, NODES, reached } from './auto-processes.js';

const LIMIT = { timeout: 180_000 };
const SERVERS = [
  ...['http', 'express4', 'express5', 'fastify'].flatMap((kind) => [
    [kind, 'serve.mjs'] as const,
    [kind, 'serve.cjs'] as const,
  ]),
  ['koa', 'koa.mjs'],
  ['hono', 'hono.mjs'],
  ['nest-express', 'nest.cjs'],
  ['nest-fastify', 'nest.cjs'],
] as const;
const CLIENTS = {
  'call.mjs': ['fetch', 'request', 'http', 'axios', 'undici', 'got', 'ky'],
  'call.cjs': ['fetch', 'http', 'agentless', 'axios', 'undici'],
};

/** What somebody outside of the mesh gets. */
function plainText(port: string): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', agent: false }, (response) =>
      resolve(String(response.resume().statusCode)),
    );
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    asked.end();
  });
}

for (const { name, program } of NODES) {
  const options = { ...LIMIT, skip: absent(program) };

  test(
    `${name}: every unchanged client reaches every unchanged server by mutual TLS alone, and no stranger does`,
    options,
    async (t) => {
      const mesh = await AutoMesh.create(t, program);
      const servers = await Promise.all(
        SERVERS.map(([kind, file]) => mesh.start([file, kind], { as: 'server', policy: FRIENDS_ONLY })),
      );
      const ports = await Promise.all(servers.map((server) => server.line()));
      const hosts = SERVERS.map(([kind, file]) => `${kind}-${file.slice(-3)}.test`);
      const policy = hosts.map((host, at) => reached(host, [ports[at]!])).join('');
      const urls = hosts.map((host) => `http://${host}/some?path=1`);

      for (const [file, clients] of Object.entries(CLIENTS)) {
        const friend = await mesh.start([file, clients.join(), ...urls, 'http://unknown.test/'], {
          as: 'friend',
          policy,
        });
        assert.deepEqual(await friend.exit, { code: 0, signal: null }, friend.stderr);
        const answers = SERVERS.flatMap(([kind, served]) =>
          clients.map((client) => {
            const body = { kind: `${kind}${served.slice(-4)}`, url: '/some?path=1' };
            return [client, 200, body];
          }),
        );
        const seen = friend.lines.slice(0, answers.length).map((line) => {
          const [, client, status, body] = /^(\w+) (\w+) (.*)$/.exec(line)!;
          const { from, ...rest } = JSON.parse(body!);
          assert.match(from, /127\.0\.0\.1$/);
          return [client, Number(status), rest];
        });
        assert.deepEqual(seen, answers);
        assert.deepEqual(
          friend.lines.slice(answers.length),
          clients.map((client) => `${client} error HEDDLE_NO_ROUTE`),
        );

        const stranger = await mesh.start([file, clients.join(), ...urls], { as: 'stranger', policy });
        assert.deepEqual(await stranger.exit, { code: 0, signal: null }, stranger.stderr);
        assert.deepEqual(
          stranger.lines,
          SERVERS.flatMap(() => clients.map((client) => `${client} 403 RBAC: access denied`)),
        );
      }
      for (const port of ports) assert.equal(await plainText(port), 'ECONNRESET');
    },
  );
}
