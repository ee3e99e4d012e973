/** The greeter with Hono. */
// #region app
import { heddle } from '@heddle/hono';
import { getRequestListener } from '@hono/node-server';
import { join } from 'heddle';
import { Hono } from 'hono';

const mesh = await join();
const app = new Hono();
app.use(heddle(mesh));

app.get('/hello', (c) => c.text(`Hello, ${c.get('mesh')?.peer}`));

await mesh.listen(getRequestListener(app.fetch), Number(process.env.PORT ?? 9401));
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
