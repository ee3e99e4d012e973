/** A server of grpc-js behind the mesh, asked by plain clients of grpc-js. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { Server, status } from '@grpc/grpc-js';
import { TestCa } from '@heddle/testkit';
import { isMeshError } from 'heddle';
import {
  dial,
  dialAs,
  echo,
  failureOf,
  type Line,
  linesOf,
  member,
  OTHER,
  PRODUCTPAGE,
  REVIEWS,
  serve,
} from './fixtures.test.helper.js';
import { listen } from './listen.js';

test('all four kinds of calls are served', async (t) => {
  const { port } = await serve(t, echo());
  const client = dial(t, port);
  assert.equal((await client.one('hello')).text, 'hello');
  const up = client.up();
  for (const text of ['a', 'b', 'c']) up.call.write({ text });
  up.call.end();
  assert.equal((await up.answer).text, 'a b c');
  assert.deepEqual(await linesOf(client.down('x y z')), ['x', 'y', 'z']);
  const both = client.both();
  both.write({ text: 'ping' });
  both.write({ text: 'pong' });
  both.end();
  assert.deepEqual(await linesOf(both), ['ping', 'pong']);
});

const ONLY_ONE = `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: one, namespace: default }
spec:
  rules:
    - from: [{ source: { principals: [cluster.local/ns/default/sa/productpage] } }]
      to: [{ operation: { paths: [/test.Echo/One] } }]
`;

test('policy is asked by method and by the identity of the caller', async (t) => {
  const ca = await TestCa.create();
  const identity = await ca.identity(REVIEWS);
  const served: string[] = [];
  const server = echo({
    One: (call: { request: Line }, callback: (error: null, value: Line) => void) => {
      served.push(mesh.context()?.peer ?? 'nobody');
      callback(null, call.request);
    },
  } as never);
  const { port, mesh } = await serve(t, server, { policy: ONLY_ONE, join: { identity } });
  const [friend, other] = [await dialAs(t, port, ca, PRODUCTPAGE), await dialAs(t, port, ca, OTHER)];
  assert.equal((await friend.one('hello')).text, 'hello');
  const denied = [() => friend.up().answer, () => other.one('x'), () => dial(t, port).one('x')];
  for (const ask of denied) {
    const error = await failureOf(ask());
    assert.equal(error.code, status.PERMISSION_DENIED);
    assert.equal(error.details, 'RBAC: access denied');
  }
  assert.deepEqual(served, [PRODUCTPAGE]);
});

test('a method that nobody serves is UNIMPLEMENTED, once policy has let it in', async (t) => {
  const { port } = await serve(t, new Server());
  const error = await failureOf(dial(t, port).one('x'));
  assert.equal(error.code, status.UNIMPLEMENTED);
});

/** Over HTTP/1.1. */
function get(t: TestContext, port: number, path = '/page'): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, agent: false }, async (response) => {
      let text = `${response.statusCode} `;
      for await (const chunk of response) text += String(chunk);
      resolve(text);
    });
    t.after(() => sent.destroy());
    sent.on('error', reject).end();
  });
}

test('what is not gRPC gets to the HTTP handler on the same port, and without one is told 415', async (t) => {
  const http = (asked: { url?: string }, response: { end(text: string): void }) =>
    response.end(`page of ${asked.url}`);
  const { port } = await serve(t, echo(), { listen: { http: http as never } });
  assert.equal(await get(t, port), '200 page of /page');
  assert.equal((await dial(t, port).one('beside')).text, 'beside');
  const alone = await serve(t, echo());
  assert.equal(await get(t, alone.port), '415 ');
});

test('what is not a server of a known grpc-js is refused, and the error says of which version', async (t) => {
  const { mesh } = await member(t);
  class Other extends Server {}
  const moved = new Other();
  Object.defineProperty(moved, 'http2Servers', { value: {} });
  for (const server of [moved, {} as Server, null as unknown as Server])
    await assert.rejects(listen(mesh, server, 0, { address: '127.0.0.1' }), (error) => {
      assert.ok(isMeshError(error));
      assert.equal(error.code, 'HEDDLE_INVALID_ARGUMENT');
      assert.match(error.message, /@grpc\/grpc-js 1\.14\.\d+/);
      return true;
    });
});

test('a port that cannot be had is refused, and another may be tried with the same server', async (t) => {
  const server = echo();
  const { mesh, port } = await serve(t, server, { listen: { health: true } });
  const again = { address: '127.0.0.1', health: true };
  await assert.rejects(listen(mesh, server, port, again), { code: 'HEDDLE_INVALID_ARGUMENT' });
  const second = await listen(mesh, server, 0, again);
  assert.equal((await dial(t, second.port).one('two')).text, 'two');
  assert.equal((await dial(t, port).one('one')).text, 'one');
});

test('callers are told that the port speaks gRPC', async (t) => {
  const { mesh, port } = await serve(t, echo(), {
    join: { service: 'reviews' },
    listen: { servicePort: 9080 },
  });
  const [listener] = mesh.status().listeners;
  assert.equal(listener?.protocol, 'GRPC');
  assert.equal(listener?.portName, 'grpc');
  assert.deepEqual([listener?.port, listener?.servicePort], [port, 9080]);
});
