/** gRPC between processes that have certificates and policy from the config service, which changes its mind about one method under load. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Child } from '../end-to-end/child.js';
import { ConfigService } from '../end-to-end/config-service.js';

const kinds = {
  strict: {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'default' },
    spec: { mtls: { mode: 'STRICT' } },
  },
  allow: {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'interop', namespace: 'default' },
    spec: { rules: [{ from: [{ source: { principals: ['cluster.local/ns/default/sa/caller'] } }] }] },
  },
};

/** Answers of one method carry `x-version: VALUE`. */
function marking(method: string, value: string): object {
  const route = [{ destination: { host: 'interop' } }];
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'interop', namespace: 'default' },
    spec: {
      hosts: ['interop'],
      http: [
        {
          match: [{ uri: { exact: `/grpc.testing.TestService/${method}` } }],
          headers: { response: { set: { 'x-version': value } } },
          route,
        },
        { route },
      ],
    },
  };
}

test('policy for one method arrives under load, and no call fails', { timeout: 120_000 }, async (t) => {
  const service = await ConfigService.start(t);
  await service.post('/v1/apply', kinds.strict);
  await service.post('/v1/apply', kinds.allow);
  await service.post('/v1/apply', marking('UnaryCall', 'v1'));
  const environment = await service.environment('interop');
  const servers = ['0', '1'].map((name) => Child.start(t, '../grpc/server.child.js', [name], environment));
  for (const server of servers) await server.line();
  const { HEDDLE_SERVICE_PORT: _, ...caller } = await service.environment('caller');
  const calling = Child.start(t, '../grpc/caller.child.js', [], caller);
  await calling.line((line) => line === 'joined');
  let at = 0;
  const hears = async (said: string) => {
    at = calling.lines.length;
    await calling.line((line) => line === said, at);
  };
  await hears('UnaryCall 0 v1');
  await service.post('/v1/apply', marking('UnaryCall', 'v2'));
  await hears('UnaryCall 0 v2');
  await service.post('/v1/apply', marking('FullDuplexCall', 'v3'));
  await hears('FullDuplexCall 0 v3');
  await hears('UnaryCall 0 -');
  calling.kill('SIGTERM');
  assert.deepEqual(await calling.exit, { code: 0, signal: null }, calling.stderr);
  const [, ...calls] = calling.lines;
  assert.deepEqual(
    calls.filter((line) => !/^\w+ 0 /.test(line)),
    [],
  );
  assert.deepEqual(
    calls.filter((line) => line.startsWith('EmptyCall') && line !== 'EmptyCall 0 -'),
    [],
  );
  for (const [server] of servers.entries()) {
    servers[server]!.kill('SIGTERM');
    assert.deepEqual(await servers[server]!.exit, { code: 0, signal: null }, servers[server]!.stderr);
  }
});
