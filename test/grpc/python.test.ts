/** gRPC's interop cases between a mesh and Python, both ways, with certificates of the mesh. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, credentials } from '@grpc/grpc-js';
import { clientOptions, listen } from '@heddle/grpc';
import { TestCa } from '@heddle/testkit';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { interop } from './interop/run.js';
import { interopServer } from './interop/server.js';
import { Wire } from './interop/wire.js';
import { NO_PYTHON, pythonClient, pythonServer } from './python.js';
import { allow, CLIENT, entry, identityDir, MUTUAL, member, SERVER, STRICT } from './scene.js';

const LIMIT = { timeout: 120_000, skip: NO_PYTHON };
const CASES = [
  'empty_unary',
  'large_unary',
  'client_compressed_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'custom_metadata',
  'status_code_and_message',
  'unimplemented',
  'cancel_after_begin',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
  'rpc_soak',
];

interop(
  'a mesh to a server in Python',
  async (t) => {
    const ca = await TestCa.create();
    const wire = await Wire.to(t, await pythonServer(t, await identityDir(t, ca, SERVER)));
    const ours = await identityDir(t, ca, CLIENT);
    const mesh = await member(t, [entry(wire.port), MUTUAL], { identityDir: ours });
    return new GrpcJsClient(
      (options) => new Client('interop.mesh:80', credentials.createInsecure(), clientOptions(mesh, options)),
      wire,
      ['credentials', 'answers-compressed'],
    );
  },
  NO_PYTHON,
);

test('a client in Python with a certificate of the mesh calls a server in it', LIMIT, async (t) => {
  const ca = await TestCa.create();
  const mesh = await member(t, [STRICT], { identityDir: await identityDir(t, ca, SERVER) });
  const { port } = await listen(mesh, interopServer(), 0);
  const said = await pythonClient(t, port, await identityDir(t, ca, CLIENT), CASES);
  assert.deepEqual(
    said,
    CASES.map((name) => `passed ${name}`),
  );
});

test('policy asks a client in Python who it is, and what it wants', LIMIT, async (t) => {
  const ca = await TestCa.create();
  const rules = `{
    from: [{ source: { principals: [cluster.local/ns/default/sa/caller] } }],
    to: [{ operation: { paths: [/grpc.testing.TestService/UnaryCall] } }] }`;
  const server = await identityDir(t, ca, SERVER);
  const mesh = await member(t, [STRICT, allow(rules)], { identityDir: server });
  const { port } = await listen(mesh, interopServer(), 0);
  const as = async (id: string, cases: readonly string[], of = ca) =>
    pythonClient(t, port, await identityDir(t, of, id), cases);
  assert.deepEqual(await as(CLIENT, ['large_unary', 'denied']), ['passed large_unary', 'passed denied']);
  assert.deepEqual(await as(`${CLIENT}-2`, ['denied']), ['passed denied']);
  const [said = ''] = await as(`${CLIENT}-2`, ['large_unary']);
  assert.match(said, /^FAILED large_unary .*PERMISSION_DENIED/);
  assert.deepEqual(await as(CLIENT, ['refused'], await TestCa.create()), ['passed refused']);
});

test('the cases in Python are right: they hold from Python to Python', LIMIT, async (t) => {
  const ca = await TestCa.create();
  const port = await pythonServer(t, await identityDir(t, ca, SERVER));
  const said = await pythonClient(t, port, await identityDir(t, ca, CLIENT), CASES);
  assert.deepEqual(
    said,
    CASES.map((name) => `passed ${name}`),
  );
});
