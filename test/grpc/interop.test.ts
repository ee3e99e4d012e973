/** gRPC's own interop cases: first between bare libraries, which proves the cases right, then through the mesh, on either side and both. */
import type { TestContext } from 'node:test';
import { type Channel, Client, credentials } from '@grpc/grpc-js';
import { channel, clientOptions, listen, registerScheme } from '@heddle/grpc';
import { TestCa } from '@heddle/testkit';
import type { Mesh } from 'heddle';
import { ConnectClient } from './interop/connect-client.js';
import { connectOver } from './interop/connect-over-mesh.js';
import { GrpcJsClient } from './interop/grpc-js-client.js';
import { NiceClient } from './interop/nice-client.js';
import { interop } from './interop/run.js';
import { interopServer } from './interop/server.js';
import { Wire } from './interop/wire.js';
import {
  bound,
  CLIENT,
  channelCredentials,
  entry,
  identityDir,
  MUTUAL,
  member,
  OF_A_PLAIN_CLIENT,
  SERVER,
  STRICT,
} from './scene.js';

const insecure = credentials.createInsecure();

/** A server in the mesh, that wants to know who calls. */
async function meshed(t: TestContext, ca: TestCa): Promise<Wire> {
  const mesh = await member(t, [STRICT], { identityDir: await identityDir(t, ca, SERVER) });
  return Wire.to(t, (await listen(mesh, interopServer(), 0)).port);
}

/** Both sides in the mesh. */
async function both(t: TestContext): Promise<{ mesh: Mesh; wire: Wire }> {
  const ca = await TestCa.create();
  const wire = await meshed(t, ca);
  const ours = await identityDir(t, ca, CLIENT);
  return { mesh: await member(t, [entry(wire.port), MUTUAL], { identityDir: ours }), wire };
}

interop('grpc-js to grpc-js', async (t) => {
  const wire = await Wire.to(t, await bound(t, interopServer()));
  const target = `127.0.0.1:${wire.port}`;
  return new GrpcJsClient(
    (options) => new Client(target, insecure, { ...options, ...OF_A_PLAIN_CLIENT }),
    wire,
  );
});

interop('the channel of a mesh to plain grpc-js', async (t) => {
  const wire = await Wire.to(t, await bound(t, interopServer()));
  const mesh = await member(t, [entry(wire.port)]);
  return new GrpcJsClient(
    (options) => new Client('interop.mesh:80', insecure, clientOptions(mesh, options)),
    wire,
    ['credentials'],
  );
});

interop('plain grpc-js, with a certificate, to a server in the mesh', async (t) => {
  const ca = await TestCa.create();
  const wire = await meshed(t, ca);
  const secure = await channelCredentials(ca);
  const target = `127.0.0.1:${wire.port}`;
  return new GrpcJsClient(
    (options) => new Client(target, secure, { ...options, ...OF_A_PLAIN_CLIENT }),
    wire,
    ['credentials'],
  );
});

interop('mesh to mesh over mutual TLS', async (t) => {
  const { mesh, wire } = await both(t);
  return new GrpcJsClient(
    (options) => new Client('interop.mesh:80', insecure, clientOptions(mesh, options)),
    wire,
    ['credentials'],
  );
});

interop('a channel that is handed in', async (t) => {
  const { mesh, wire } = await both(t);
  return new GrpcJsClient(
    (options) =>
      new Client('interop.mesh:80', insecure, { channelOverride: channel(mesh, 'interop.mesh:80', options) }),
    wire,
    ['credentials'],
  );
});

interop('a target that begins with heddle:', async (t) => {
  const { mesh, wire } = await both(t);
  t.after(registerScheme(mesh));
  return new GrpcJsClient((options) => new Client('heddle:///interop.mesh:80', insecure, options), wire, [
    'credentials',
  ]);
});

interop('nice-grpc on the channel of a mesh', async (t) => {
  const { mesh, wire } = await both(t);
  return new NiceClient((options) => channel(mesh, 'interop.mesh:80', options) as Channel, wire);
});

interop('ConnectRPC through a mesh', async (t) => {
  const { mesh, wire } = await both(t);
  return new ConnectClient(connectOver(mesh), wire);
});
