/** Serves, and on `/call/HOST` calls that host. Its access log is on the same output as its port; nothing in its environment asks for one. */
import { join } from 'heddle';

const mesh = await join({ log() {} });
const { port } = await mesh.listen(async (request, response) => {
  const host = /^\/call\/(.+)$/.exec(request.url ?? '')?.[1];
  if (host !== undefined) await (await mesh.fetch(`http://${host}/called`)).text();
  response.end(String(mesh.status().revision));
}, 0);
process.once('SIGTERM', () => void mesh.close());
process.stdout.write(`${port}\n`);
