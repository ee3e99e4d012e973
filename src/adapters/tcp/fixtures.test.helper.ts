/** `mesh.connect` over real sockets, and servers that a test plays. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { type Clock, systemClock } from '../../base/clock.js';
import { Deadlines } from '../../base/deadlines.js';
import { isMeshError, type MeshError } from '../../base/errors.js';
import { type Random, systemRandom } from '../../base/random.js';
import { clusterName } from '../../model/cluster.js';
import type { Endpoint } from '../../model/endpoint.js';
import type { Exchange } from '../../model/exchange.js';
import { Binder } from '../../outbound/bind.js';
import { Outbound } from '../../outbound/call.js';
import { cluster, host, policy, REVIEWS, type World } from '../../outbound/fixtures.test.helper.js';
import type { EffectiveCluster, EffectiveHost } from '../../policy/effective.js';
import { noTelemetry, type Telemetry } from '../../ports/telemetry.js';
import { TlsContexts } from '../../security/tls/contexts.js';
import { UndiciTransport } from '../undici/transport.js';
import { TcpConnections } from './index.js';

export interface TcpParts {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly contexts?: TlsContexts;
  readonly exchange?: Exchange;
  readonly telemetry?: Pick<Telemetry, 'tcpConnected'>;
}

/** The mesh's side: `connect('reviews:80')` leads to the endpoints of `world`. */
export function tcpMesh(t: TestContext, world: World, parts: TcpParts = {}) {
  const { clock = systemClock, random = systemRandom, contexts = new TlsContexts(null) } = parts;
  const transport = new UndiciTransport(() => () => {}, clock);
  const deadlines = new Deadlines(clock);
  const outbound = new Outbound({ clock, random, deadlines, transport, ambient: () => parts.exchange });
  const binder = new Binder({ clock, random, telemetry: noTelemetry, event() {}, callFilters: [] });
  outbound.snapshot = binder.bind(policy(world));
  const connections = new TcpConnections(outbound, { contexts, clock }, parts.telemetry);
  t.after(() => {
    connections.close();
    binder.dispose();
    contexts.close();
  });
  const clusterOf = (name = clusterName(80, '', REVIEWS)) => outbound.snapshot!.clusters.get(name)!;
  /** What open connections hold; all zero when there is none. */
  const held = () => ({
    active: outbound.active,
    deadlines: deadlines.size,
    connections: clusterOf().state.connections.active,
    inFlight: clusterOf().endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0),
  });
  return { outbound, binder, connections, connect: connections.connect, clusterOf, held };
}

export const NOTHING_HELD = { active: 0, deadlines: 0, connections: 0, inFlight: 0 };

export function at(port: number, changes: Partial<Endpoint> = {}): Endpoint {
  return {
    key: `127.0.0.1:${port}`,
    address: '127.0.0.1',
    port,
    labels: {},
    weight: 1,
    mtls: false,
    ...changes,
  };
}

export function subset(name: string, changes: Partial<EffectiveCluster> = {}): EffectiveCluster {
  const labels = { version: name };
  return cluster({ name: clusterName(80, name, REVIEWS), subset: name, labels, ...changes });
}

export function hostWith(world: World, changes: Partial<EffectiveHost>): readonly EffectiveHost[] {
  return [{ ...host(world), ...changes }];
}

/** Listens on 127.0.0.1 until the test is over. @returns its port */
export async function listenTcp(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

export const echo = (t: TestContext) => listenTcp(t, (socket) => void socket.pipe(socket));

/** Says its name and ends. */
export const named = (t: TestContext, name: string) => listenTcp(t, (socket) => void socket.end(name));

/** All that the peer sends until it ends. */
export async function readAll(stream: Duplex): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

export async function refusalOf(connecting: Promise<Duplex>): Promise<MeshError> {
  try {
    (await connecting).destroy();
  } catch (error) {
    if (isMeshError(error)) return error;
    throw error;
  }
  throw new Error('it was connected');
}
