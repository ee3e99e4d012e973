/** The way in. */

export type { OwnHealth } from './health.js';
export { type GrpcListenOptions, listen } from './listen.js';
export type { ReflectedPackage } from './reflection.js';
