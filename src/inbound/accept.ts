/** A port that we serve: takes its connections, and hands them to its gate. */
import { type AddressInfo, createServer, type Server } from 'node:net';
import { MeshError } from '../base/errors.js';
import { Gate, type GateOptions } from './gate.js';

export interface AcceptOptions extends GateOptions {
  /** A peer may end its side and still hear ours. @default true: a client of HTTP may do so after the request */
  readonly allowHalfOpen?: boolean;
}

export class AcceptServer {
  readonly #options: AcceptOptions;
  readonly #gate: Gate;
  readonly #server: Server;
  #closed: Promise<void> | null = null;

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#gate = new Gate(options);
    const { allowHalfOpen = true } = options;
    this.#server = createServer({ allowHalfOpen, noDelay: true }, (socket) => this.#gate.accept(socket));
  }

  /** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had */
  listen(port: number, address: string | undefined): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const onError = (cause: Error) => {
        const where = `${address ?? 'all addresses'}, port ${port}`;
        reject(
          new MeshError(`cannot listen on ${where}: ${cause.message}`, {
            code: 'HEDDLE_INVALID_ARGUMENT',
            cause,
          }),
        );
      };
      this.#server.once('error', onError);
      this.#server.listen({ port, host: address }, () => {
        this.#server.removeListener('error', onError);
        // Running out of file descriptors must not end the process; the next connection may fit again.
        this.#server.on('error', (error) =>
          this.#options.path.warn(`accepting connections: ${error.message}`),
        );
        const bound = this.#server.address() as AddressInfo;
        this.#gate.port = bound.port;
        resolve(bound);
      });
    });
  }

  /**
   * Takes no more connections, closes each one when what is under way on it is done, and all of them after `timeoutMs`. Asked again, the
   * shorter time holds.
   */
  async close(timeoutMs: number): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()));
    await this.#gate.close(timeoutMs);
    await this.#closed;
  }
}
