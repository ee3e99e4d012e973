// A service that knows nothing of the mesh, with Koa.
import Koa from 'koa';

const app = new Koa();
app.use((ctx) => {
  ctx.body = { kind: 'koa.mjs', url: ctx.url, from: ctx.ip };
});
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
