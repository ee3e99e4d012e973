/** The greeter with Fastify. */
// #region app
import { heddle, meshServer } from '@heddle/fastify';
import Fastify from 'fastify';
import { join } from 'heddle';

const mesh = await join();
const app = Fastify({ serverFactory: meshServer(mesh) });
await app.register(heddle, { mesh });

app.get('/hello', (request) => `Hello, ${request.mesh?.peer}`);

await app.listen({ port: Number(process.env.PORT ?? 9401) });
// #endregion
// #region close
process.once('SIGTERM', async () => {
  await mesh.close(); // callers go elsewhere, what is under way finishes
  await app.close();
});
// #endregion
console.log('ready');
