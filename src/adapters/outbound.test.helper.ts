/** The outbound side over real sockets: servers that a test plays, and the three surfaces in front of them. */
import { once } from 'node:events';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type Clock, sleep, systemClock } from '../base/clock.js';
import { Deadlines } from '../base/deadlines.js';
import { systemRandom } from '../base/random.js';
import { Binder } from '../outbound/bind.js';
import { Outbound } from '../outbound/call.js';
import { policy, type World } from '../outbound/fixtures.test.helper.js';
import { noTelemetry } from '../ports/telemetry.js';
import { TlsContexts } from '../security/tls/contexts.js';
import { fetchOver } from './fetch/index.js';
import { connectorFor } from './undici/connect.js';
import { dispatcherOver } from './undici/dispatcher.js';
import { requestOver } from './undici/request.js';
import { UndiciTransport } from './undici/transport.js';

export interface Served {
  readonly port: number;
  /** Connections open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections so far. */
  accepted(): number;
  /** Connections that are over. After an abort undici opens a next one at once, so fewer open ones prove nothing. */
  closed(): number;
  /** As a process that is killed: its port and all of its connections are gone. */
  die(): Promise<void>;
}

/** Serves HTTP on 127.0.0.1 until the test is over. */
export function serve(t: TestContext, listener: RequestListener): Promise<Served> {
  return listening(t, createHttp({ keepAliveTimeout: 60_000 }, listener));
}

/** Hands each connection to `onSocket`: for servers that no HTTP library would be. */
export function serveRaw(t: TestContext, onSocket: (socket: Socket) => void): Promise<Served> {
  return listening(t, createServer(onSocket));
}

async function listening(t: TestContext, server: Server): Promise<Served> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    accepted: () => accepted,
    closed: () => accepted - sockets.size,
    async die() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}

/** A port on which nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `http://reviews/` leads to the ports, or to the endpoints of `world`. @param clock by which connections age */
export function over(
  t: TestContext,
  ports: readonly number[],
  world: World = {},
  clock: Clock = systemClock,
) {
  const transport = new UndiciTransport(connectorFor(new TlsContexts(null), systemClock), clock);
  const parts = { clock: systemClock, random: systemRandom };
  const deadlines = new Deadlines(systemClock);
  const outbound = new Outbound({ ...parts, deadlines, transport, ambient: () => undefined });
  const binder = new Binder({ ...parts, telemetry: noTelemetry, event() {}, callFilters: [] });
  const endpoints = ports.map((port) => ({
    key: `127.0.0.1:${port}`,
    address: '127.0.0.1',
    port,
    labels: {},
    weight: 1,
    mtls: false,
  }));
  outbound.snapshot = binder.bind(policy({ endpoints, ...world }));
  t.after(async () => {
    await transport.destroy();
    binder.dispose();
  });
  return {
    outbound,
    deadlines,
    transport,
    fetch: fetchOver(outbound),
    request: requestOver(outbound),
    dispatcher: dispatcherOver(outbound),
  };
}

/** All chunks of a stream, as text. */
export async function joined(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Waits for something that is certain to come about. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i += 1) {
    if (i > 10_000) throw new Error(`never came true: ${condition}`);
    await sleep(systemClock, 3);
  }
}

/** What was sent, as a server of {@link serve} reads it. */
export async function bodyOf(request: AsyncIterable<unknown>): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
