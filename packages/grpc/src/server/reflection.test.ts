import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join as path } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client, credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { definition, echo, serve } from './fixtures.test.helper.js';

const root = dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json'));
const { grpc } = loadPackageDefinition(
  loadSync(path(root, 'build/proto/grpc/reflection/v1/reflection.proto'), { keepCase: true }),
) as unknown as {
  grpc: { reflection: { v1: { ServerReflection: ServiceClientConstructor } } };
};

async function servicesOf(t: TestContext, port: number): Promise<string[]> {
  const { ServerReflection } = grpc.reflection.v1;
  const {
    path: method,
    requestSerialize,
    responseDeserialize,
  } = ServerReflection.service.ServerReflectionInfo!;
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.after(() => client.close());
  const stream = client.makeBidiStreamRequest(method, requestSerialize, responseDeserialize);
  stream.on('error', () => {});
  stream.write({ list_services: '*' });
  const [answer] = (await once(stream, 'data')) as [
    { list_services_response: { service: { name: string }[] } },
  ];
  stream.end();
  return answer.list_services_response.service.map(({ name }) => name);
}

test('tools are told of the services of a package', async (t) => {
  const { port } = await serve(t, echo(), { listen: { reflection: definition } });
  assert.ok((await servicesOf(t, port)).includes('test.Echo'));
});

test('a package without descriptors is refused', async (t) => {
  const reflection = { 'test.Echo': {} } as never;
  await assert.rejects(serve(t, echo(), { listen: { reflection } }), {
    code: 'HEDDLE_INVALID_ARGUMENT',
    message: /loadSync/,
  });
});
