/** A service on three ports: HTTP/1.1 or HTTP/2 as callers choose, HTTP/2, and an echo that is not HTTP. It prints their numbers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'heddle';

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
const ports = await Promise.all([
  mesh.listen(answer, 0, { servicePort: 80 }),
  mesh.listen(answer, 0, { servicePort: 81, portName: 'http2', protocol: 'http2' }),
  mesh.listen(echo, 0, { servicePort: 9000, protocol: 'tcp' }),
]);
process.once('SIGTERM', () => void mesh.close());
process.stdout.write(`${ports.map(({ port }) => port).join(' ')}\n`);
