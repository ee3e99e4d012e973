/** Servers of grpc-js: those that are bound to TCP without TLS of their own are ports of the mesh. */
import type { Listening } from '../adapters/node-http/index.js';
import type { GrpcParts } from './grpc.js';
import { grpcPlace } from './grpc-place.js';
import { onFile } from './modules.js';

type Bound = (error: Error | null, port: number) => void;
interface Server {
  bindAsync(address: string, credentials: { _isSecure?(): boolean }, bound: Bound): void;
  start(): void;
  unbind(address: string): void;
  drain(address: string, graceMs: number): void;
}

export function patchGrpcServers(parts: GrpcParts): void {
  onFile('/@grpc/grpc-js/build/src/server.js', (exports) =>
    patch((exports as { Server: { prototype: Server } }).Server.prototype, new GrpcPorts(parts)),
  );
}

/** Shut down as a whole, a server closes its ports of the mesh by itself. */
function patch(prototype: Server, ports: GrpcPorts): void {
  const { bindAsync, start, unbind, drain } = prototype;
  prototype.bindAsync = function (address, credentials, bound) {
    if (!ports.bind(this, { address, credentials, bound }))
      Reflect.apply(bindAsync, this, [address, credentials, bound]);
  };
  prototype.start = function () {
    // It has nothing to do any more since grpc-js 1.10, but fails where nothing is bound.
    if (!ports.has(this)) Reflect.apply(start, this, []);
  };
  prototype.unbind = function (address) {
    if (!ports.close(this, address, Number.POSITIVE_INFINITY)) Reflect.apply(unbind, this, [address]);
  };
  prototype.drain = function (address, graceMs) {
    if (!ports.close(this, address, graceMs)) Reflect.apply(drain, this, [address, graceMs]);
  };
}

interface Bind {
  readonly address: unknown;
  readonly credentials: { _isSecure?(): boolean } | null;
  readonly bound: unknown;
}

class GrpcPorts {
  readonly #parts: GrpcParts;
  readonly #of = new WeakMap<Server, Set<Listening>>();

  constructor(parts: GrpcParts) {
    this.#parts = parts;
  }

  /** false: it is bound as without a mesh. */
  bind(server: Server, { address, credentials, bound }: Bind): boolean {
    const { log, carrier } = this.#parts;
    const place = typeof address === 'string' ? grpcPlace(address) : null;
    // What is wrong with these is the original's to say.
    if (place?.port == null || typeof bound !== 'function' || !credentials?._isSecure) return false;
    if (!this.#isOurs(place.port)) return false;
    if (credentials._isSecure()) {
      log(
        `heddle/auto: ${address} is a gRPC server with its own certificate; it is left as it is, outside the mesh`,
      );
      return false;
    }
    const carried = carrier();
    if (carried === undefined) return false;
    const { mesh, known, settings } = this.#parts;
    const isFirst = known.size === 0;
    const { host, port } = place;
    const announced = isFirst || (settings.ports !== null && !known.has(port));
    // `HEDDLE_SERVICE_PORT` is about the first alone.
    const as = isFirst ? {} : { portName: `grpc-${port}`, servicePort: port };
    if (announced) known.add(port);
    const onClose = () => {
      if (announced) known.delete(port);
    };
    const listens = carried.listen(mesh, server, port, { address: host, announced, onClose, ...as });
    listens.then(
      (listening) => {
        const all = this.#of.get(server) ?? new Set();
        this.#of.set(server, all.add(listening));
        bound(null, listening.port);
      },
      (error: unknown) => {
        onClose();
        bound(error instanceof Error ? error : new Error(String(error)), 0);
      },
    );
    return true;
  }

  has(server: Server): boolean {
    return this.#of.has(server);
  }

  /** Lets what is under way finish for so long. @returns whether it is one of the mesh's */
  close(server: Server, address: string, timeoutMs: number): boolean {
    const port = grpcPlace(address)?.port;
    const all = this.#of.get(server);
    const one = [...(all ?? [])].find((listening) => listening.port === port);
    if (one === undefined) return false;
    all!.delete(one);
    void one.close(timeoutMs);
    return true;
  }

  #isOurs(port: number): boolean {
    const { ports, excludedPorts } = this.#parts.settings;
    return !excludedPorts.has(port) && (ports === null || ports.has(port));
  }
}
