/** What the guide to gRPC and the README of its package show besides the example, run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { test } from 'node:test';
import { type Channel, credentials, makeGenericClientConstructor, Server } from '@grpc/grpc-js';
import { channel, clientOptions, listen, registerScheme } from '@heddle/grpc';
import { join } from 'heddle';
import { createClient } from 'nice-grpc';

interface Message {
  readonly text: string;
}
const encode = (message: Message) => Buffer.from(message.text);
const decode = (bytes: Buffer): Message => ({ text: bytes.toString() });
const GreeterService = {
  greet: {
    path: '/example.Greeter/Greet',
    requestStream: false,
    responseStream: false,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  },
} as const;
const Greeter = makeGenericClientConstructor(GreeterService, 'Greeter');

function greeted(client: InstanceType<typeof Greeter>): Promise<string> {
  return new Promise((resolve, reject) => {
    client.greet!({ text: 'Alice' }, (error: Error | null, answer: Message) =>
      error === null ? resolve(answer.text) : reject(error),
    );
  });
}

test('gRPC: each way to hand a client to the mesh', async () => {
  const folder = mkdtempSync(path(tmpdir(), 'heddle-docs-grpc-'));
  const policy = path(folder, 'policy.yaml');
  const port = await freePort();
  writeFileSync(policy, policyOf(port));
  const mesh = await join({ policy, log() {} });
  try {
    const server = new Server();
    server.addService(GreeterService, {
      greet: (call: { request: Message }, answer: (error: null, message: Message) => void) =>
        answer(null, { text: `Hello, ${call.request.text}` }),
    });
    await listen(mesh, server, port, { address: '127.0.0.1' });

    // #region options
    const greeter = new Greeter('greeter', credentials.createInsecure(), clientOptions(mesh));
    // #endregion
    assert.equal(await greeted(greeter), 'Hello, Alice');

    // #region channel
    const channelOverride = channel(mesh, 'greeter');
    const another = new Greeter('', credentials.createInsecure(), { channelOverride });
    // #endregion
    assert.equal(await greeted(another), 'Hello, Alice');

    // #region scheme
    const forget = registerScheme(mesh);
    const third = new Greeter('heddle:///greeter', credentials.createInsecure());
    // #endregion
    assert.equal(await greeted(third), 'Hello, Alice');
    third.close();
    forget();

    // #region nice-grpc
    const client = createClient(GreeterService, channel(mesh, 'greeter') as Channel);
    const { text } = await client.greet({ text: 'Bob' });
    // #endregion
    assert.equal(text, 'Hello, Bob');
  } finally {
    await mesh.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

const policyOf = (port: number) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: greeter, namespace: default }
spec:
  hosts: [greeter]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: grpc, protocol: GRPC, targetPort: ${port} }]
  endpoints: [{ address: 127.0.0.1 }]
`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
