/**
 * One of several processes of a service: answers, and says on stdout what it was asked to do: `did METHOD ID ATTEMPT`. The path says what
 * becomes of the answer: `/slow` waits, `/reset` breaks off in the middle of the body, anything else is answered as it should be.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'heddle';

const mesh = await join();
const instance = randomUUID();
const { port } = await mesh.listen(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://replica');
  const id = url.searchParams.get('id') ?? '';
  let received = 0;
  for await (const chunk of request) received += (chunk as Uint8Array).byteLength;
  process.stdout.write(`did ${request.method} ${id} ${request.headers['x-envoy-attempt-count']}\n`);
  if (url.pathname === '/slow') await new Promise((resolve) => setTimeout(resolve, 150));
  const body = JSON.stringify({ id, received, instance, peer: mesh.context()?.peer });
  response.setHeader('content-length', Buffer.byteLength(body));
  if (url.pathname === '/reset') response.write(body.slice(0, 10), () => request.socket.destroy());
  else response.end(body);
}, 0);
process.once('SIGTERM', () => void mesh.close());
process.stdout.write(`${port}\n`);
