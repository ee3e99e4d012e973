/** What stands between client and server, and counts the bytes: of compressed messages there are few. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

export class Wire {
  sent = 0;
  received = 0;
  readonly port: number;
  /** Connections that are open. */
  readonly sockets: ReadonlySet<Socket>;

  static async to(t: TestContext, target: number): Promise<Wire> {
    const sockets = new Set<Socket>();
    const keep = (socket: Socket) => {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    };
    const server = createServer((socket) => {
      const onward = connect(target, '127.0.0.1');
      keep(socket);
      keep(onward);
      socket.once('close', () => onward.destroy());
      onward.once('close', () => socket.destroy());
      socket.on('data', (chunk: Buffer) => {
        wire.sent += chunk.length;
      });
      onward.on('data', (chunk: Buffer) => {
        wire.received += chunk.length;
      });
      socket.pipe(onward).pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const wire = new Wire((server.address() as AddressInfo).port, sockets);
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return wire;
  }

  private constructor(port: number, sockets: ReadonlySet<Socket>) {
    this.port = port;
    this.sockets = sockets;
  }
}
