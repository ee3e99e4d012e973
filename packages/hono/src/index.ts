/** Hono on Node.js behind a Heddle mesh. */
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Mesh, MeshContext } from 'heddle';
import type { MiddlewareHandler } from 'hono';

declare module 'hono' {
  interface ContextVariableMap {
    /** Who asks, and why it was let in; undefined where no mesh was passed (`app.request`). */
    mesh: MeshContext | undefined;
  }
}

/**
 * Middleware: `c.get('mesh')`, and nothing served that the mesh has not let in. Use it before all else. Behind `mesh.listen` and
 * `heddle/auto` that was decided before Hono saw the request. On a port that `serve` opened it is decided here, where nobody has an
 * identity, so that STRICT refuses everything.
 * @example app.use(heddle(mesh));
 */
export function heddle(mesh: Mesh): MiddlewareHandler {
  const through = mesh.express();
  return (c, next) => {
    const { incoming, outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
    if (incoming === undefined || outgoing === undefined) {
      c.set('mesh', mesh.context());
      return next();
    }
    return new Promise((resolve, reject) => {
      let passed = false;
      // Hono has read the path as it arrived, as a router below a mount has: one that is checked as another is refused.
      through(Object.assign(incoming, { baseUrl: '/' }), outgoing, (error) => {
        passed = true;
        c.set('mesh', mesh.context());
        if (error === undefined) next().then(resolve, reject);
        else reject(error);
      });
      if (passed) return;
      outgoing.once('close', () => {
        if (!passed) resolve(RESPONSE_ALREADY_SENT);
      });
    });
  };
}
