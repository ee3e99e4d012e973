/** A server of grpc-js on a port of the mesh. */
import type { ServerResponse } from 'node:http';
import type { Server } from '@grpc/grpc-js';
import type { Listening, ListenTarget, Mesh, MeshListenOptions } from 'heddle';
import { addHealth, type Health, type OwnHealth } from './health.js';
import { streamsOf } from './internals.js';
import { addReflection, type ReflectedPackage } from './reflection.js';

export interface GrpcListenOptions extends Omit<MeshListenOptions, 'grpc' | 'http2'> {
  /**
   * Gets what is not gRPC, on the same port: a function of request and response (an Express application is one), or whatever else
   * `mesh.listen` takes. @default it is answered with 415
   */
  readonly http?: ListenTarget;
  /**
   * `true`: the server has a health service, by which it and each of its services serve until the port closes. An implementation of
   * `grpc-health-check`: the same, but the application says which services serve. Policy holds for it as for any service: let whoever
   * checks call `/grpc.health.v1.Health/*`. @default false
   */
  readonly health?: boolean | OwnHealth;
  /**
   * The server has a reflection service, which tells tools of these packages: what `loadSync` of `@grpc/proto-loader` makes. Policy holds
   * for it as for any service. @default none
   */
  readonly reflection?: ReflectedPackage | readonly ReflectedPackage[];
}

/**
 * Serves `server` on a port of the mesh, with mutual TLS, authorization, limits and telemetry as policy says, and makes it known to
 * callers. In its handlers `mesh.context()` says who asks. When the mesh or the port closes calls under way may finish;
 * `server.tryShutdown` and `server.forceShutdown` close the port, too.
 * @param server with its services added; it must not be bound itself
 * @param port 0: any free one
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had, or `server` is none of a version that this works with
 * @example const { port } = await listen(mesh, server, 9080, { health: true });
 */
export async function listen(
  mesh: Mesh,
  server: Server,
  port: number,
  options: GrpcListenOptions = {},
): Promise<Listening> {
  const { http = unsupported, health = false, reflection, onClose, ...others } = options;
  const { http2, release } = streamsOf(server);
  let told: Health | null = null;
  const leave = () => {
    told?.close();
    told = null;
  };
  try {
    if (reflection !== undefined) await addReflection(server, reflection);
    if (health !== false) told = await addHealth(server, health === true ? null : health);
    const shutDown = () => void listening.close();
    const listening: Listening = await mesh.listen(http, port, {
      protocol: 'grpc',
      ...others,
      grpc: http2,
      onClose: (closed) => {
        http2.off('close', shutDown);
        leave();
        onClose?.(closed);
        void closed.then(release);
      },
    });
    // The application shuts its server down.
    http2.once('close', shutDown);
    return listening;
  } catch (error) {
    leave();
    release();
    throw error;
  }
}

/** As a server of grpc-js answers it. */
function unsupported(_request: unknown, response: ServerResponse): void {
  response.writeHead(415).end();
}
