/**
 * The plugin: `request.mesh`, and nothing served that the mesh has not let in. On a port of the mesh (`meshServer`, `mesh.listen`,
 * `heddle/auto`) that was decided before Fastify saw the request. On one that Fastify opened itself it is decided here, where nobody has
 * an identity, so that STRICT refuses everything.
 */
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type { FastifyPluginCallback } from 'fastify';
import type { Mesh, MeshContext } from 'heddle';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, and why it was let in; undefined where no mesh was passed (`app.inject`). */
    mesh: MeshContext | undefined;
  }
}

export interface HeddleOptions {
  readonly mesh: Mesh;
}

/**
 * Register it before all else: hooks of plugins that come earlier run for requests that are refused.
 * @example await app.register(heddle, { mesh });
 */
export const heddle: FastifyPluginCallback<HeddleOptions> = (app, { mesh }, done) => {
  const through = mesh.express();
  app.decorateRequest('mesh', undefined);
  app.addHook('onRequest', (request, reply, next) => {
    const { raw } = request;
    if (isInjected(raw)) {
      request.mesh = mesh.context();
      next();
      return;
    }
    // Fastify has chosen the route by the path as it arrived, as a router below a mount has: one that is checked as another is refused.
    through(Object.assign(raw, { baseUrl: '/' }), reply.raw, (error) => {
      request.mesh = mesh.context();
      next(error instanceof Error ? error : undefined);
    });
  });
  done();
};

// As fastify-plugin does it: for the whole application, not for one branch of it. The name is for Fastify's messages.
Object.assign(heddle, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@heddle/fastify',
  [Symbol.for('plugin-meta')]: { name: '@heddle/fastify', fastify: '5.x' },
});

/** By `app.inject`: what comes over a connection, whatever carries it, has a stream as its socket. */
function isInjected(raw: IncomingMessage): boolean {
  const socket: unknown = raw.socket;
  return !(socket instanceof Duplex);
}
