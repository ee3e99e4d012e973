/** Koa behind a Heddle mesh. */
import type { Mesh, MeshContext } from 'heddle';
import type { Middleware } from 'koa';

declare module 'koa' {
  interface DefaultContext {
    /** Who asks, and why it was let in. */
    mesh: MeshContext | undefined;
  }
}

/**
 * Middleware: `ctx.mesh`, and nothing served that the mesh has not let in. Use it before all else. Behind `mesh.listen` and `heddle/auto`
 * that was decided before Koa saw the request. On a port that Koa opened itself it is decided here, where nobody has an identity, so
 * that STRICT refuses everything.
 * @example app.use(heddle(mesh));
 */
export function heddle(mesh: Mesh): Middleware {
  const through = mesh.express();
  return (ctx, next) =>
    new Promise((resolve, reject) => {
      let passed = false;
      // Below a mount `url` is shorter, and the whole path is what is checked.
      const baseUrl = ctx.url === ctx.originalUrl ? '' : '/';
      through(Object.assign(ctx.req, { originalUrl: ctx.originalUrl, baseUrl }), ctx.res, (error) => {
        passed = true;
        ctx.mesh = mesh.context();
        if (error === undefined) next().then(resolve, reject);
        else reject(error);
      });
      if (passed) return;
      ctx.res.once('close', () => {
        if (passed) return;
        // The mesh has answered in Koa's stead.
        ctx.respond = false;
        resolve(undefined);
      });
    });
}
