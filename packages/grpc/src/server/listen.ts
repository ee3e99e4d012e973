/** A server of grpc-js on a port of the mesh. */
import type { ServerResponse } from 'node:http';
import type { Server } from '@grpc/grpc-js';
import type { Listening, ListenTarget, Mesh, MeshListenOptions } from 'heddle';
import { streamsOf } from './streams.js';

export interface GrpcListenOptions extends Omit<MeshListenOptions, 'grpc' | 'http2'> {
  /**
   * Gets what is not gRPC, on the same port: a function of request and response (an Express application is one), or whatever else
   * `mesh.listen` takes. @default it is answered with 415
   */
  readonly http?: ListenTarget;
}

/**
 * Serves `server` on a port of the mesh, with mutual TLS, authorization, limits and telemetry as policy says, and makes it known to
 * callers. In its handlers `mesh.context()` says who asks.
 * @param server with its services added; it must not be bound itself
 * @param port 0: any free one
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had, or `server` is none of a version that this works with
 * @example const { port } = await listen(mesh, server, 9080);
 */
export async function listen(
  mesh: Mesh,
  server: Server,
  port: number,
  options: GrpcListenOptions = {},
): Promise<Listening> {
  const { http = unsupported, ...others } = options;
  const { http2, release } = streamsOf(server);
  let listening: Listening;
  try {
    listening = await mesh.listen(http, port, { protocol: 'grpc', ...others, grpc: http2 });
  } catch (error) {
    release();
    throw error;
  }
  const close = async (timeoutMs?: number) => {
    await listening.close(timeoutMs);
    release();
  };
  return { ...listening, close, [Symbol.asyncDispose]: () => close() };
}

/** @source PROTOCOL-HTTP2: what is not gRPC */
function unsupported(_request: unknown, response: ServerResponse): void {
  response.writeHead(415).end();
}
