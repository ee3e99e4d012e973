/** gRPC clients and servers of `@grpc/grpc-js` in a mesh. */

export { channel, clientOptions, type MeshChannelOptions, registerScheme } from './client/index.js';
export { type GrpcListenOptions, listen, type OwnHealth, type ReflectedPackage } from './server/index.js';
