/** The ports that a mesh serves, and what callers are told of them. */

import { isHttp2Server } from '../adapters/http2-server/index.js';
import {
  Adopted,
  type AdoptRequest,
  type Listening,
  type ListenOptions,
  type ListenTarget,
  listen,
} from '../adapters/node-http/index.js';
import { listenTcp, type TcpListenOptions, type TcpTarget } from '../adapters/tcp-server/index.js';
import { MeshError } from '../base/errors.js';
import type { InboundPath } from '../inbound/exchange.js';
import type { InboundTls } from '../inbound/handshake.js';
import type { ListenerRegistration } from '../ports/control-protocol.js';
import type { Settings } from '../settings.js';

/** Options of `mesh.listen`. */
export interface MeshListenOptions extends ListenOptions {
  /** Port that callers name. @default `HEDDLE_SERVICE_PORT`, else the port listened on; 80 if that is any free one */
  readonly servicePort?: number;
  /** @default 'http' */
  readonly portName?: string;
  /**
   * What callers are told that is spoken there. `http2` and `grpc`: they use HTTP/2 at once; `http`: where policy says so. HTTP/1.1 and
   * HTTP/2 are both served in any case. @default 'http'; for a `node:http2` server without `request` listeners 'http2'
   */
  readonly protocol?: 'http' | 'http2' | 'grpc';
  /** `false`: callers are not told of it. @default true */
  readonly announced?: boolean;
}

/** Options of `mesh.listen` for a protocol that is not HTTP. */
export interface MeshTcpListenOptions extends TcpListenOptions {
  readonly protocol: 'tcp';
  /** As of {@link MeshListenOptions}. */
  readonly servicePort?: number;
  /** @default 'tcp' */
  readonly portName?: string;
}

interface Announced {
  readonly announced?: boolean;
  readonly servicePort?: number;
  readonly portName?: string;
  readonly protocol?: 'http' | 'http2' | 'grpc' | 'tcp';
}

/** A server that listens by itself, behind the mesh. */
export interface Adoption {
  readonly adopted: Adopted;
  /** For when the application closes it. */
  readonly release: () => void;
}

export interface ServedParts {
  readonly settings: Settings;
  readonly path: InboundPath;
  /** null: this workload has no identity. */
  readonly tls: InboundTls | null;
  /** Makes these known to callers, and no others. */
  readonly register: (listeners: readonly ListenerRegistration[]) => void;
}

export class Served {
  readonly #parts: ServedParts;
  readonly #open: Pick<Listening, 'close'>[] = [];
  #listeners: readonly ListenerRegistration[] = [];
  #closed = false;

  constructor(parts: ServedParts) {
    this.#parts = parts;
  }

  /** Those that callers know. */
  get listeners(): readonly ListenerRegistration[] {
    return this.#listeners;
  }

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had; `HEDDLE_CLOSED` after {@link withdraw} */
  async listen(
    target: ListenTarget | TcpTarget,
    port: number,
    options: MeshListenOptions | MeshTcpListenOptions,
  ): Promise<Listening> {
    const { path, tls, settings } = this.#parts;
    const { address } = settings;
    const listening =
      options.protocol === 'tcp'
        ? await listenTcp(path, { target: target as TcpTarget, port, tls }, { address, ...options })
        : await listen(path, { target: target as ListenTarget, port, tls }, { address, ...options });
    if (this.#closed) {
      // The mesh was left while the port was being opened.
      await listening.close(0);
      throw new MeshError('this mesh was closed', { code: 'HEDDLE_CLOSED' });
    }
    this.#open.push(listening);
    const streamsOnly = isHttp2Server(target) && target.listenerCount('request') === 0;
    const registration = this.#announce(
      listening.port,
      port,
      streamsOnly ? { protocol: 'http2', ...options } : options,
    );
    // Callers are not sent to a port that is about to be closed.
    const close = (timeoutMs?: number) => {
      this.#forget(registration);
      return listening.close(timeoutMs);
    };
    return { ...listening, close, [Symbol.asyncDispose]: () => close() };
  }

  /** @param as what callers are told of it, and which port the application asked for; null: nothing */
  adopt(
    request: Omit<AdoptRequest, 'tls'>,
    as: (MeshListenOptions & { readonly asked: number }) | null,
  ): Adoption {
    const { path, tls } = this.#parts;
    const adopted = new Adopted(path, { ...request, tls });
    this.#open.push(adopted);
    const registration = as === null ? null : this.#announce(request.port, as.asked, as);
    const release = () => {
      const at = this.#open.indexOf(adopted);
      if (at >= 0) this.#open.splice(at, 1);
      this.#forget(registration);
      adopted.drain();
    };
    return { adopted, release };
  }

  /** Callers are told to go elsewhere, and no port is opened any more. */
  withdraw(): void {
    this.#closed = true;
    this.#register([]);
  }

  /** Takes nothing new, and destroys what is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    await Promise.all(this.#open.map((one) => one.close(timeoutMs)));
  }

  /** Makes a port known to callers; null if this workload serves nothing that they could name. */
  #announce(port: number, asked: number, options: Announced): ListenerRegistration | null {
    const { settings, tls } = this.#parts;
    const { workload, address, servicePort } = settings;
    const { protocol = 'http', announced = true } = options;
    if (workload.service === '' || !announced) return null;
    const registration: ListenerRegistration = {
      service: workload.service,
      servicePort: options.servicePort ?? servicePort ?? (asked === 0 ? 80 : asked),
      portName: options.portName ?? protocol,
      protocol: protocol.toUpperCase(),
      address,
      port,
      mtls: tls !== null,
    };
    this.#register([...this.#listeners, registration]);
    return registration;
  }

  #forget(registration: ListenerRegistration | null): void {
    if (registration !== null && this.#listeners.includes(registration))
      this.#register(this.#listeners.filter((one) => one !== registration));
  }

  #register(listeners: readonly ListenerRegistration[]): void {
    this.#listeners = listeners;
    this.#parts.register(listeners);
  }
}
