/**
 * A server of gRPC's interop service, as its author writes it: joins by its environment, and leaves when it is told to. It prints its port;
 * `did ID` for each unary call that says who it is; `leaving` when it was told to; and for each SIGUSR2 `messages COUNT rss BYTES`:
 * how many messages it has written, and how much memory it has.
 */
import { randomUUID } from 'node:crypto';
import { Server, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js';
import { listen } from '@heddle/grpc';
import { join } from 'heddle';
import { TEST_SERVICE } from './interop/definitions.js';
import { interopService } from './interop/server.js';

const say = (line: string) => process.stdout.write(`${line}\n`);
const mesh = await join();
const service = interopService(process.argv[2] ?? randomUUID());
const { UnaryCall, StreamingOutputCall } = service;
let messages = 0;
const server = new Server();
server.addService(TEST_SERVICE, {
  ...service,
  UnaryCall(call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) {
    const [id] = call.metadata.get('x-id');
    if (id !== undefined) say(`did ${id}`);
    // Never answered: whoever asks for it wants to see what becomes of a call that was sent.
    if (call.metadata.get('x-hang').length === 0)
      (UnaryCall as (one: typeof call, answer: typeof callback) => void)(call, callback);
  },
  StreamingOutputCall(call: ServerWritableStream<object, object>) {
    const write = call.write.bind(call) as (message: object) => boolean;
    call.write = (message: object) => {
      messages += 1;
      return write(message);
    };
    (StreamingOutputCall as (one: typeof call) => void)(call);
  },
});
const { port } = await listen(mesh, server, 0);
process.on('SIGUSR2', () => say(`messages ${messages} rss ${process.memoryUsage().rss}`));
process.once('SIGTERM', () => {
  say('leaving');
  void mesh.close();
});
say(String(port));
