/** gRPC's own interop cases: first between bare libraries, which proves the cases right, then through the mesh, on either side and both. */
import type { TestContext } from 'node:test';
import { Client, credentials, type Server, ServerCredentials } from '@grpc/grpc-js';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { interop } from './interop/run.js';
import { interopServer } from './interop/server.js';
import { Wire } from './interop/wire.js';

async function bound(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

interop('grpc-js to grpc-js', async (t) => {
  const wire = await Wire.to(t, await bound(t, interopServer()));
  return new GrpcJsClient(
    (options) =>
      new Client(`127.0.0.1:${wire.port}`, credentials.createInsecure(), {
        ...options,
        'grpc.use_local_subchannel_pool': 1,
      }),
    wire,
  );
});
