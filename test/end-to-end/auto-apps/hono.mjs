// A service that knows nothing of the mesh, with Hono.
import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';

const app = new Hono();
app.get('/*', (c) => {
  const { pathname, search } = new URL(c.req.url);
  return c.json({ kind: 'hono.mjs', url: pathname + search, from: getConnInfo(c).remote.address });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => process.stdout.write(`${port}\n`));
