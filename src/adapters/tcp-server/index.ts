/**
 * `mesh.listen` with `protocol: 'tcp'`: a port of the mesh in front of a server that does not speak HTTP. A connection is one exchange:
 * authorized before the application sees a byte, counted, and logged when it is closed.
 */
import { type Server, Socket } from 'node:net';
import { MeshError } from '../../base/errors.js';
import { emptyFields } from '../../base/headers.js';
import { AcceptServer } from '../../inbound/accept.js';
import type { Connection, Serving } from '../../inbound/connection.js';
import type { InboundPath } from '../../inbound/exchange.js';
import type { InboundTls } from '../../inbound/handshake.js';
import { Refused } from '../../inbound/refused.js';
import { Exchange } from '../../model/exchange.js';
import { decideAuthorization, decideDryRun } from '../../security/authorize/decide.js';

/** A function of the connection, or a server of `node:net` that does not listen itself. */
export type TcpTarget = ((socket: Socket) => unknown) | Server;

/** All times in milliseconds. */
export interface TcpListenOptions {
  /** Where to listen. @default all addresses */
  readonly address?: string;
  /**
   * For the first byte of a connection. Where plain text is allowed, whoever says nothing for so long is taken for a caller that waits
   * for the server to speak first; on a STRICT port it is closed. Not waited for on a DISABLE port. @default 1 000
   */
  readonly peekTimeoutMs?: number;
  /** For the TLS handshake. @default 10 000 */
  readonly handshakeTimeoutMs?: number;
  /** Connections at once; those beyond are closed. @default no limit */
  readonly maxConnections?: number;
}

export interface TcpListenRequest {
  readonly target: TcpTarget;
  /** 0: any free one. */
  readonly port: number;
  /** null: this workload has no identity, and TLS is refused. */
  readonly tls: InboundTls | null;
}

/** As of an HTTP port. */
export interface TcpListening extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Takes no more, gives those that are open `timeoutMs`, and destroys what is left. @default 10 000 */
  close(timeoutMs?: number): Promise<void>;
}

/** @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the target is none, or the port cannot be had */
export async function listenTcp(
  path: InboundPath,
  { target, port, tls }: TcpListenRequest,
  options: TcpListenOptions = {},
): Promise<TcpListening> {
  if (typeof target !== 'function' && target.listening)
    throw new MeshError('mesh.listen: the server listens already; hand it over before `listen`', {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  const serve = typeof target === 'function' ? target : (socket: Socket) => target.emit('connection', socket);
  const { maxConnections = Number.POSITIVE_INFINITY } = options;
  const refused = new Refused(path);
  let open = 0;
  const server = new AcceptServer({
    path,
    tls,
    protocol: 'tcp',
    allowHalfOpen: typeof target !== 'function' && 'allowHalfOpen' in target && target.allowHalfOpen === true,
    peekTimeoutMs: options.peekTimeoutMs,
    handshakeTimeoutMs: options.handshakeTimeoutMs,
    onConnection: (connection) => {
      const { stream, peer, localPort } = connection;
      if (open >= maxConnections) {
        refused.add({ reason: 'TOO_MANY_CONNECTIONS', port: localPort, address: peer.address });
        stream.destroy();
        return;
      }
      open += 1;
      stream.once('close', () => (open -= 1));
      take(path, connection, serve);
    },
  });
  const close = (timeoutMs = 10_000) => server.close(timeoutMs);
  const bound = await server.listen(port, options.address);
  return { address: bound.address, port: bound.port, close, [Symbol.asyncDispose]: () => close() };
}

/** One connection, from the decision about it to its end. */
function take(path: InboundPath, connection: Connection, serve: (socket: Socket) => unknown): void {
  const { stream, peer } = connection;
  const exchange = exchangeOf(path, connection);
  if (!isAllowed(path, exchange)) {
    path.open.add();
    path.end(exchange, { status: 0, complete: true });
    stream.destroy();
    return;
  }
  path.open.add();
  const counted = path.telemetry.tcpAccepted?.(peer, stream);
  const serving: Serving = {
    gone() {
      exchange.bytesReceived = stream.bytesRead;
      exchange.bytesSent = stream.bytesWritten;
      path.end(exchange, { status: 0, complete: stream.errored === null });
      counted?.(exchange.flags);
      connection.end(serving);
    },
    // No protocol is known by which the peer could be told; it lasts until the time to drain is over.
    beLast() {},
  };
  connection.begin(serving);
  inside(path, exchange, stream);
  path.run(exchange, () => run(path, stream, serve));
}

function run(path: InboundPath, stream: Socket, serve: (socket: Socket) => unknown): void {
  const fail = (error: unknown) => {
    path.warn(`a handler failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    stream.destroy();
  };
  try {
    const result = serve(stream);
    if (result instanceof Promise) result.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** What the socket tells its listeners is told inside the exchange's frame, so that they may ask for their context, too. */
function inside(path: InboundPath, exchange: Exchange, stream: Socket): void {
  const { emit } = Socket.prototype;
  stream.emit = (event: string | symbol, ...args: unknown[]) =>
    path.run(exchange, () => Reflect.apply(emit, stream, [event, ...args]) as boolean);
}

function exchangeOf({ clock }: InboundPath, { peer, localAddress, localPort, secure }: Connection): Exchange {
  const facts = {
    method: '',
    scheme: secure ? ('https' as const) : ('http' as const),
    authority: '',
    path: '',
    headers: emptyFields(),
    protocol: 'TCP' as const,
    peer,
    remoteIp: peer.address,
    localAddress,
    localPort,
  };
  return new Exchange(facts, clock.now(), clock.wallNow());
}

/** Without policy nobody is let in. @source Envoy `rbac` network filter */
function isAllowed({ snapshot }: InboundPath, exchange: Exchange): boolean {
  const inForce = snapshot.current();
  if (inForce === null) {
    exchange.refusal = { status: 503, body: '', because: 'no_policy_yet', close: true };
    return false;
  }
  const { peer, localPort, localAddress, remoteIp, headers } = exchange.facts;
  const facts = {
    protocol: 'tcp' as const,
    method: '',
    authority: '',
    path: '',
    headers,
    principal: peer.id?.principal ?? null,
    peerIp: peer.address,
    remoteIp,
    port: localPort,
    localIp: localAddress,
    sni: peer.sni,
    claims: null,
  };
  const verdict = decideAuthorization(inForce.authorization, facts);
  exchange.verdict = verdict;
  exchange.dryRun = decideDryRun(inForce.authorization, facts);
  if (verdict.decision === 'allow') return true;
  exchange.refusal = { status: verdict.status, body: '', because: verdict.because, close: true };
  return false;
}
