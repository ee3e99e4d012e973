/** The way in. */

export { type GrpcListenOptions, listen } from './listen.js';
