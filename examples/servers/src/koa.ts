/** The greeter with Koa. */
// #region app
import { heddle } from '@heddle/koa';
import { join } from 'heddle';
import Koa from 'koa';

const mesh = await join();
const app = new Koa();
app.use(heddle(mesh));

app.use((ctx) => {
  ctx.body = `Hello, ${ctx.mesh?.peer}`;
});

await mesh.listen(app, Number(process.env.PORT ?? 9401));
// #endregion
process.once('SIGTERM', () => mesh.close());
console.log('ready');
