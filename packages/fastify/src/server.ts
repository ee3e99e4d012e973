/** A server for Fastify whose port is the mesh's: `app.listen` and `app.close` are `mesh.listen` and its end. */
import { EventEmitter } from 'node:events';
import { type RequestListener, Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { FastifyServerFactory } from 'fastify';
import type { Listening, Mesh, MeshListenOptions } from 'heddle';

/** Timeouts and limits are these, not those of Fastify's options. */
export interface MeshPortOptions extends Omit<MeshListenOptions, 'address'> {
  /** How long `app.close` waits for what is under way, milliseconds. @default 10 000 */
  readonly drainTimeoutMs?: number;
}

/**
 * A `serverFactory`: the port that `app.listen` opens is one of the mesh, with mutual TLS as policy says, and made known to callers.
 * A `host` of `localhost`, which is what Fastify takes if nothing is said, means the workload's own address (`HEDDLE_ADDRESS`).
 * @example Fastify({ serverFactory: meshServer(mesh) });
 */
export function meshServer(mesh: Mesh, options: MeshPortOptions = {}): FastifyServerFactory {
  return (handler) => new MeshServer(mesh, handler, options);
}

/** What Fastify gives `listen`. */
interface Where {
  readonly port?: number;
  readonly host?: string;
  readonly path?: string;
}

class MeshServer extends Server {
  readonly #mesh: Mesh;
  readonly #options: MeshPortOptions;
  /** Set from `listen` to `close`. */
  #opening: Promise<Listening> | null = null;
  #bound: Listening | null = null;

  constructor(mesh: Mesh, handler: RequestListener, options: MeshPortOptions) {
    super(handler);
    this.#mesh = mesh;
    this.#options = options;
    // An accessor of Node's, which its types say is a property.
    Object.defineProperty(this, 'listening', { get: () => this.#bound !== null });
  }

  override listen(...args: unknown[]): this {
    const { drainTimeoutMs: _, ...options } = this.#options;
    const { port = 0, host = 'localhost', path } = (args[0] ?? {}) as Where;
    const done = args.at(-1);
    if (typeof done === 'function') this.once('listening', () => Reflect.apply(done, this, []));
    this.#opening =
      path === undefined
        ? this.#mesh.listen(this, port, { ...options, ...(host === 'localhost' ? {} : { address: host }) })
        : Promise.reject(
            new TypeError('a Unix socket is no port of the mesh: leave `serverFactory` out to serve on one'),
          );
    this.#opening.then(
      (bound) => {
        this.#bound = bound;
        // Past the emit that `heddle/auto` listens at: this port is one of the mesh already.
        EventEmitter.prototype.emit.call(this, 'listening');
      },
      (error: unknown) => {
        this.#opening = null;
        this.emit('error', error);
      },
    );
    return this;
  }

  override address(): AddressInfo | null {
    if (this.#bound === null) return null;
    const { address, port } = this.#bound;
    return { address, port, family: isIPv6(address) ? 'IPv6' : 'IPv4' };
  }

  override close(done?: (error?: Error) => void): this {
    void this.#close(this.#options.drainTimeoutMs).then(() => done?.(), done);
    return this;
  }

  override closeAllConnections(): void {
    void this.#close(0);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(this.#options.drainTimeoutMs);
  }

  /** Takes no more, and waits for what is under way. */
  async #close(timeoutMs: number | undefined): Promise<void> {
    const listening = await this.#opening;
    if (listening === null) return;
    await listening.close(timeoutMs);
    if (this.#bound === null) return;
    this.#bound = null;
    this.#opening = null;
    this.emit('close');
  }
}
