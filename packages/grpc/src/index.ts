/** gRPC clients and servers of `@grpc/grpc-js` in a mesh. */

export { type GrpcListenOptions, listen } from './server/index.js';
