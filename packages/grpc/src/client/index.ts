/** gRPC clients of `@grpc/grpc-js` over a mesh: with options, with a channel, or by targets that begin with `heddle:`. */
import type { ChannelInterface, ClientOptions } from '@grpc/grpc-js';
import type { Mesh } from 'heddle';
import { MeshChannel } from './mesh-channel.js';
import type { MeshChannelOptions } from './settings.js';

export { registerScheme } from './register-scheme.js';
export type { MeshChannelOptions } from './settings.js';

/**
 * A channel for `{ channelOverride }` of any client of grpc-js, and for whatever else takes one.
 * @param target `host:port` or `heddle:///host:port`; without a port 80, or 443 with credentials for TLS
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for a target that names no service
 */
export function channel(mesh: Mesh, target: string, options: MeshChannelOptions = {}): ChannelInterface {
  return new MeshChannel(mesh, target, options);
}

/**
 * Options for a client's constructor: `new Greeter('reviews:9080', credentials.createInsecure(), clientOptions(mesh))`. The credentials
 * of a mesh are its own; `createSsl` refuses calls where policy says plain text, and credentials of calls go along.
 * @param options go to the client, too
 */
export function clientOptions(mesh: Mesh, options: ClientOptions = {}): ClientOptions {
  return {
    ...options,
    channelFactoryOverride: (address, credentials, given) =>
      new MeshChannel(mesh, address, { ...given, credentials }),
  };
}
