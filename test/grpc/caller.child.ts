/**
 * Calls the interop service all the time, each method in turn, as an author would: joins by its environment. It prints `joined`, and for
 * each call `METHOD CODE VERSION`: of the answer's header x-version, `-` for none. It ends when it is told to.
 */
import { Client, credentials } from '@grpc/grpc-js';
import { clientOptions } from '@heddle/grpc';
import { join } from 'heddle';
import type { MethodName } from './interop/definitions.js';
import { GrpcJsClient } from './interop/grpc-js-client.js';

const mesh = await join();
const client = new GrpcJsClient(
  (options) => new Client('interop:80', credentials.createInsecure(), clientOptions(mesh, options)),
  { sent: 0, received: 0 },
);
let going = true;
process.once('SIGTERM', () => {
  going = false;
});
process.stdout.write('joined\n');

async function call(method: MethodName): Promise<void> {
  const one = client.call(method);
  one.send({});
  one.finish();
  const { code, details } = await one.end;
  const version = code === 0 ? ((await one.initial)['x-version'] ?? '-') : details;
  process.stdout.write(`${method} ${code} ${version}\n`);
}

async function again(): Promise<void> {
  while (going) {
    for (const method of ['EmptyCall', 'UnaryCall', 'FullDuplexCall'] as const) await call(method);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

await Promise.all([again(), again(), again(), again()]);
client.close();
await mesh.close();
