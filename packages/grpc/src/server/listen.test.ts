/** A server of grpc-js behind the mesh, asked by plain clients of grpc-js. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { TestCa } from '@heddle/testkit';
import {
  dial,
  dialAs,
  echo,
  failureOf,
  type Line,
  linesOf,
  PRODUCTPAGE,
  REVIEWS,
  serve,
} from './fixtures.test.helper.js';

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
  const [friend, other] = [
    await dialAs(t, port, ca, PRODUCTPAGE),
    await dialAs(t, port, ca, 'spiffe://cluster.local/ns/default/sa/other'),
  ];
  assert.equal((await friend.one('hello')).text, 'hello');
  const denied = [() => friend.up().answer, () => other.one('x'), () => dial(t, port).one('x')];
  for (const ask of denied) {
    const error = await failureOf(ask());
    assert.equal(error.code, status.PERMISSION_DENIED);
    assert.equal(error.details, 'RBAC: access denied');
  }
  assert.deepEqual(served, [PRODUCTPAGE]);
});
