/** A service on four ports: HTTP/1.1 or HTTP/2 as callers choose, HTTP/2, an echo that is not HTTP, and gRPC. It prints their numbers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { Server, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { listen } from '@heddle/grpc';
import { join } from 'heddle';
import { TELL } from './tell.js';

const mesh = await join();
const answer = async (request: IncomingMessage, response: ServerResponse) => {
  let received = 0;
  for await (const chunk of request) received += (chunk as Uint8Array).byteLength;
  const { httpVersion: version, url } = request;
  response.end(JSON.stringify({ url, received, version, peer: mesh.context()?.peer }));
};
const echo = createServer((socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
});
const grpc = new Server();
grpc.addService(TELL, {
  tell(call: ServerUnaryCall<string, string>, done: sendUnaryData<string>) {
    done(null, JSON.stringify({ asked: call.request, peer: mesh.context()?.peer }));
  },
});
const ports = await Promise.all([
  mesh.listen(answer, 0, { servicePort: 80 }),
  mesh.listen(answer, 0, { servicePort: 81, portName: 'http2', protocol: 'http2' }),
  mesh.listen(echo, 0, { servicePort: 9000, protocol: 'tcp' }),
  listen(mesh, grpc, 0, { servicePort: 9090 }),
]);
process.once('SIGTERM', () => void mesh.close());
process.stdout.write(`${ports.map(({ port }) => port).join(' ')}\n`);
