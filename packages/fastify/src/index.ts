/** Fastify behind a Heddle mesh. */

export { type HeddleOptions, heddle } from './plugin.js';
export { type MeshServerOptions, meshServer } from './server.js';
