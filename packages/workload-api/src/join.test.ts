/** A mesh whose workloads have their identity from the Workload API: real gRPC over a real Unix socket, real mutual TLS. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { meshService, peerAuthentication, policies } from '@heddle/testkit';
import { isMeshError, join } from 'heddle';
import { joinByAgent } from './member.test.helper.js';
import { agent, folder, ID, message, response } from './spire.test.helper.js';

const policy = (port: number) =>
  policies(peerAuthentication('STRICT'), meshService({ host: 'web.mesh', port, id: ID }));

/** The environment of the process, for as long as the test takes. */
function environment(t: TestContext, variables: Readonly<Record<string, string>>): void {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  t.after(() => {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
}

test('workloads with SVIDs of an agent call each other over mutual TLS', async (t) => {
  const spire = await agent(t);
  const file = path(folder(t), 'policy.yaml');
  writeFileSync(file, policy(80));
  environment(t, {
    HEDDLE_POLICY: file,
    HEDDLE_DRAIN_TIMEOUT_MS: '0',
    SPIFFE_ENDPOINT_SOCKET: spire.endpoint,
  });
  await using server = await joinByAgent();
  const { port } = await server.listen((_request: unknown, answer: { end(text: string): void }) => {
    answer.end(server.context()?.peer ?? 'nobody');
  }, 0);
  writeFileSync(file, policy(port));
  const caller = 'spiffe://cluster.local/ns/shop/sa/caller';
  spire.say = response([await message(spire.ca, caller)]);
  environment(t, { HEDDLE_IDENTITY: 'spiffe' });
  await using client = await join();
  assert.equal(client.status().identity?.spiffeId, caller);
  const { statusCode, body } = await client.request('http://web.mesh/');
  assert.deepEqual([statusCode, await body.text()], [200, caller]);
});

test('a workload whose agent refuses it for good cannot join, and is told so at once', async (t) => {
  const spire = await agent(t, { code: status.INVALID_ARGUMENT, details: 'no' });
  const file = path(folder(t), 'policy.yaml');
  writeFileSync(file, policy(80));
  environment(t, {
    HEDDLE_POLICY: file,
    HEDDLE_JOIN_TIMEOUT_MS: '60000',
    SPIFFE_ENDPOINT_SOCKET: spire.endpoint,
  });
  await assert.rejects(
    joinByAgent(),
    (error) => isMeshError(error, 'HEDDLE_IDENTITY_UNAVAILABLE') && /for good/.test(error.message),
  );
});
