/** Every server framework behind the mesh, over real sockets: what the mesh promises holds for each of them alike. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { test } from 'node:test';
import type { MeshContext } from 'heddle';
import { SURFACES } from './surface-apps.js';
import { FRIEND, scene, TRACE, TRACEPARENT } from './surface-scene.js';

const LIMIT = { timeout: 120_000 };

for (const [surface, protocol] of SURFACES.flatMap((surface) => [
  [surface, 'HTTP/1.1'] as const,
  [surface, 'HTTP/2'] as const,
])) {
  const name = `${surface.name}, ${protocol}`;

  test(
    `${name}: a handler knows who asks, for how long, in which trace, and why it was let in`,
    LIMIT,
    async (t) => {
      const { ask, token, log } = await scene(t, surface, protocol);
      const headers = { authorization: `Bearer ${token}`, traceparent: TRACEPARENT };
      const { statusCode, body } = await ask('/who', { headers });
      const context = (await body.json()) as MeshContext;
      const { remainingMs, requestId, claims, ...rest } = context;
      assert.equal(statusCode, 200);
      assert.ok(remainingMs > 0 && remainingMs <= 60_000, String(remainingMs));
      assert.match(requestId, /^[\w-]{36}$/);
      assert.equal(claims?.team, 'looms');
      assert.deepEqual(rest, {
        peer: FRIEND,
        policy: 'default/friends',
        rule: 1,
        because: 'rbac_access_allowed_matched_policy[ns[default]-policy[friends]-rule[1]]',
        requestPrincipal: 'users.test/alice',
        trace: { traceId: TRACE, spanId: 'b7ad6b7169203331', sampled: true },
      });
      const { response_code, protocol: spoken } = await log.of('/who');
      assert.deepEqual([response_code, spoken], [200, protocol]);
    },
  );

  test(
    `${name}: plain text, a stranger, a path that nobody may have, a forged token and too many requests are refused`,
    LIMIT,
    async (t) => {
      const { ask, server, stranger, forged, goOn, log } = await scene(t, surface, protocol);
      const plainText = get({ host: '127.0.0.1', port: server.port, path: '/who', agent: false });
      const [error] = (await once(plainText, 'error')) as [NodeJS.ErrnoException];
      assert.equal(error.code, 'ECONNRESET');
      const refused = await stranger.request('http://server.test/onward');
      assert.deepEqual([refused.statusCode, await refused.body.text()], [403, 'RBAC: access denied']);
      const secret = await ask('/secret');
      assert.deepEqual([secret.statusCode, await secret.body.text()], [403, 'RBAC: access denied']);
      const forgery = await ask('/who', { headers: { authorization: `Bearer ${forged}` } });
      assert.deepEqual([forgery.statusCode, await forgery.body.text()], [401, 'Jwt verification fails']);
      goOn.give();
      assert.equal(await (await ask('/slow')).body.text(), 'slow, but whole');
      const limited = await ask('/slow');
      assert.deepEqual([limited.statusCode, await limited.body.text()], [429, 'local_rate_limited']);
      assert.equal((await log.of('/secret')).response_code, 403);
      assert.equal((await log.of('/who')).response_code, 401);
    },
  );

  test(
    `${name}: deadline and trace go on with calls made while serving, before a body is read and after`,
    LIMIT,
    async (t) => {
      const { ask } = await scene(t, surface, protocol);
      const headers = { traceparent: TRACEPARENT, 'content-type': 'application/octet-stream' };
      const onward = await ask('/onward', { headers });
      const seen = (await onward.body.json()) as Record<string, string>;
      const upload = await ask('/upload', { headers, method: 'POST', body: Buffer.alloc(3_000_000) });
      const said = (await upload.body.json()) as { bytes: number; seen: Record<string, string> };
      assert.equal(said.bytes, 3_000_000);
      for (const { traceparent, 'x-heddle-deadline-ms': deadline } of [seen, said.seen]) {
        assert.equal(traceparent, TRACEPARENT);
        assert.ok(Number(deadline) > 0 && Number(deadline) <= 60_000, deadline);
      }
    },
  );

  test(`${name}: an answer goes out as it is made`, LIMIT, async (t) => {
    const { ask, goOn } = await scene(t, surface, protocol);
    const { body } = await ask('/parts');
    const heard: string[] = [];
    for await (const chunk of body) {
      heard.push(String(chunk));
      goOn.give();
    }
    assert.deepEqual(heard, ['one, ', 'two']);
  });

  test(`${name}: a caller that goes away cancels the calls made for it`, LIMIT, async (t) => {
    const { ask, hanging, cancelled, log } = await scene(t, surface, protocol);
    const away = new AbortController();
    const asked = ask('/hang', { signal: away.signal });
    await hanging.given;
    away.abort();
    await assert.rejects(asked);
    await cancelled.given;
    assert.equal((await log.of('/hang')).response_flags, 'DC');
  });

  test(
    `${name}: a handler that throws is answered as the framework does, and logged as 500`,
    LIMIT,
    async (t) => {
      if (surface.name.startsWith('Express')) t.mock.method(console, 'error', () => {});
      const { ask, log } = await scene(t, surface, protocol);
      const { statusCode, body } = await ask('/throws');
      assert.equal(statusCode, 500);
      assert.match(await body.text(), surface.failure);
      assert.equal((await log.of('/throws')).response_code, 500);
    },
  );

  test(`${name}: closing lets what is under way finish, and takes nothing new`, LIMIT, async (t) => {
    const { ask, server, atWork, goOn } = await scene(t, surface, protocol);
    const slow = ask('/slow').then(({ body }) => body.text());
    await atWork.given;
    const closed = server.close();
    goOn.give();
    assert.equal(await slow, 'slow, but whole');
    await closed;
    const late = get({ host: '127.0.0.1', port: server.port, agent: false });
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });
}
