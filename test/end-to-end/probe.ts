/** Somebody with a certificate of the mesh and nothing else of it: no policy, no news of roots, no renewal. It goes on for as long as it is let. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createRequest, newKey } from 'heddle/security';
import type { ConfigService } from './config-service.js';

/** A server of HTTP answers it, and an echo repeats it. */
const QUESTION = 'GET /probe HTTP/1.1\r\nHost: reviews\r\n\r\n';

export class Probe {
  readonly id = 'spiffe://cluster.local/ns/default/sa/probe';
  readonly serial: string;
  readonly #chain: string;
  readonly #key: string;
  /** Of the connection before. */
  session: Buffer | undefined;

  static async of(service: ConfigService): Promise<Probe> {
    const key = await newKey();
    const { HEDDLE_TOKEN: token = '' } = await service.environment('probe');
    const csr = createRequest({ key }).toString('base64');
    const { chain } = (await service.ask('POST', '/v1/svid', { csr }, token)) as { chain: readonly string[] };
    return new Probe(chain, key.export({ type: 'pkcs8', format: 'pem' }) as string);
  }

  private constructor(chain: readonly string[], key: string) {
    this.#chain = chain.join('');
    this.#key = key;
    this.serial = new X509Certificate(chain[0]!).serialNumber.toLowerCase();
  }

  /** A connection to a port of a workload, which says hardly more of it than that there are bytes to be had. */
  async open(port: number, session?: Buffer): Promise<TLSSocket> {
    const socket = connect({
      ...{ host: '127.0.0.1', port, key: this.#key, cert: this.#chain },
      // Whether the workload is trusted is not the question.
      rejectUnauthorized: false,
      ...(session === undefined ? {} : { session }),
    });
    socket.on('error', () => {});
    socket.on('session', (ticket: Buffer) => {
      this.session = ticket;
    });
    await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]).catch(() => {});
    return socket;
  }

  /** Is a new connection let in, up to the application behind? */
  async isLetIn(
    port: number,
    session?: Buffer,
  ): Promise<{ readonly letIn: boolean; readonly resumed: boolean }> {
    const socket = await this.open(port, session);
    const resumed = socket.isSessionReused?.() ?? false;
    const letIn = await new Promise<boolean>((resolve) => {
      socket.once('data', (data: Buffer) => resolve(!data.toString('latin1').startsWith('HTTP/1.1 4')));
      if (socket.destroyed) resolve(false);
      socket.once('close', () => resolve(false));
      socket.write(QUESTION);
    });
    socket.destroy();
    return { letIn, resumed };
  }

  /** A session that can be resumed at this moment: a server that renews its certificate forgets all. */
  async resumable(port: number): Promise<Buffer> {
    for (;;) {
      await this.isLetIn(port);
      const { session } = this;
      if (session !== undefined && (await this.isLetIn(port, session)).resumed) return session;
      await delay(50);
    }
  }

  /** Resolves with the monotonic time at which it is refused. */
  async refusedAt(port: number, session?: Buffer): Promise<number> {
    for (;;) {
      const began = performance.now();
      if (!(await this.isLetIn(port, session)).letIn) return began;
      await delay(10);
    }
  }

  /** The serial number (lower case) of the certificate that a workload shows. */
  async shownBy(port: number): Promise<string> {
    const socket = await this.open(port);
    const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
    socket.destroy();
    return serial.toLowerCase();
  }

  /** The other side: an echo that shows this certificate. */
  async serve(t: TestContext): Promise<number> {
    const sockets = new Set<TLSSocket>();
    const server = createServer(
      { key: this.#key, cert: this.#chain, requestCert: true, rejectUnauthorized: false },
      (socket) => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.pipe(socket);
      },
    );
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return (server.address() as AddressInfo).port;
  }
}
