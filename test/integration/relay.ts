/** An address that stays while what is behind it is stopped and started: nobody else can take its port meanwhile. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export class Relay {
  /** Port of the service behind it on 127.0.0.1; null: it is away, and connections break at once. */
  target: number | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(t: TestContext): Promise<Relay> {
    const relay = new Relay();
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    t.after(() => relay.#close());
    return relay;
  }

  private constructor() {
    this.#server = createServer((socket) => {
      this.#keep(socket);
      if (this.target === null) {
        socket.destroy();
        return;
      }
      const onward = connect(this.target, '127.0.0.1');
      this.#keep(onward);
      socket.on('close', () => onward.destroy());
      onward.on('close', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
