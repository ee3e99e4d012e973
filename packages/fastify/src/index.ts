/** Fastify behind a Heddle mesh. */

export { type HeddleOptions, heddle } from './plugin.js';
export { type MeshPortOptions, meshServer } from './server.js';
