/** HTTP servers of the application: those that listen on TCP become ports of the mesh. */
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Adopted } from '../adapters/node-http/index.js';
import type { Mesh } from '../mesh.js';
import type { AutoSettings } from '../settings/auto.js';

type Emit = (this: http.Server, event: string | symbol, ...args: unknown[]) => boolean;

interface ServersParts {
  readonly settings: AutoSettings;
  /** Numbers that callers know. */
  readonly known: Set<number>;
  readonly log: (line: string) => void;
}

export function patchServers(mesh: Mesh, { settings, known, log }: ServersParts): void {
  const ports = new Ports(mesh, { settings, known });
  const { prototype } = http.Server;
  const { close, closeIdleConnections, closeAllConnections, listen } = prototype;
  const emit = prototype.emit as Emit;
  prototype.emit = function (this: http.Server, event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'listening') ports.opened(this, emit);
    else if (ports.take(this, event, args)) return true;
    return Reflect.apply(emit, this, [event, ...args]);
  } as typeof prototype.emit;
  prototype.listen = function (this: http.Server, ...args: unknown[]): http.Server {
    ports.asked(this, args[0]);
    return Reflect.apply(listen, this, args);
  } as typeof listen;
  prototype.close = function (this: http.Server, ...args: unknown[]): http.Server {
    return ports.closing(this, () => Reflect.apply(close, this, args));
  } as typeof close;
  prototype.closeIdleConnections = function (this: http.Server): void {
    // A server that closes says this itself; the mesh closes its unused connections, when nothing can be on its way on them any more.
    if (ports.isClosing(this)) return;
    Reflect.apply(closeIdleConnections, this, []);
    ports.dropWaiting(this);
  };
  prototype.closeAllConnections = function (this: http.Server): void {
    Reflect.apply(closeAllConnections, this, []);
    ports.dropWaiting(this);
  };
  warnOfTls(log);
  warnOfHttp2(log);
}

/** One time that a server listens. */
interface Port {
  readonly adopted: Adopted;
  readonly release: () => void;
}

class Ports {
  readonly #mesh: Mesh;
  readonly #settings: AutoSettings;
  /** Newest first. A server may listen again while requests of the time before are under way. */
  readonly #of = new WeakMap<http.Server, Port[]>();
  /** Those that asked for any free port. */
  readonly #any = new WeakSet<http.Server>();
  readonly #closing = new WeakSet<http.Server>();
  readonly #known: Set<number>;

  constructor(mesh: Mesh, { settings, known }: Omit<ServersParts, 'log'>) {
    this.#mesh = mesh;
    this.#settings = settings;
    this.#known = known;
  }

  /** @param first what `listen` was given first */
  asked(server: http.Server, first: unknown): void {
    const port = typeof first === 'object' && first !== null && 'port' in first ? first.port : first;
    const any = port === undefined || port === null || typeof port === 'function' || Number(port) === 0;
    if (any) this.#any.add(server);
    else this.#any.delete(server);
  }

  opened(server: http.Server, emit: Emit): void {
    // Others tell it that a server listens that never does.
    const address = server.listening ? server.address() : null;
    if (address === null || typeof address === 'string' || !this.#isOurs(address)) return;
    const { port } = address;
    const isFirst = this.#known.size === 0;
    const known = this.#known.has(port) || (this.#settings.ports === null && !isFirst);
    if (!known) this.#known.add(port);
    const asked = this.#any.has(server) ? 0 : port;
    // `HEDDLE_SERVICE_PORT` is about the first alone.
    const as = isFirst ? { asked } : { asked, servicePort: port, portName: `http-${port}` };
    const opened = this.#mesh.adopt(
      {
        server,
        port,
        emit: (event, ...args) => Reflect.apply(emit, server, [event, ...args]),
        stop: () => NetServer.prototype.close.call(server),
      },
      known ? null : as,
    );
    const release = () => {
      if (!known) this.#known.delete(port);
      opened.release();
    };
    const before = (this.#of.get(server) ?? []).filter(({ adopted }) => adopted.open);
    this.#of.set(server, [{ adopted: opened.adopted, release }, ...before]);
  }

  #isOurs({ port }: AddressInfo): boolean {
    const { ports, excludedPorts } = this.#settings;
    return !excludedPorts.has(port) && (ports === null || ports.has(port));
  }

  take(server: http.Server, event: string | symbol, args: readonly unknown[]): boolean {
    const ports = this.#of.get(server);
    if (ports === undefined) return false;
    for (const { adopted } of ports) if (adopted.take(event, args)) return true;
    return false;
  }

  closing(server: http.Server, close: () => http.Server): http.Server {
    const port = server.listening ? this.#of.get(server)?.[0] : undefined;
    if (port === undefined) return close();
    port.release();
    this.#closing.add(server);
    try {
      return close();
    } finally {
      this.#closing.delete(server);
    }
  }

  isClosing(server: http.Server): boolean {
    return this.#closing.has(server);
  }

  dropWaiting(server: http.Server): void {
    for (const { adopted } of this.#of.get(server) ?? []) adopted.dropWaiting();
  }
}

/** A server with certificates of its own goes on with these: two layers of TLS would be understood by nobody. */
function warnOfTls(log: (line: string) => void): void {
  const { prototype } = https.Server;
  const emit = prototype.emit as Emit;
  prototype.emit = function (this: https.Server, event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'listening') {
      const address = this.address();
      if (typeof address === 'object' && address !== null)
        log(
          `heddle/auto: port ${address.port} is an HTTPS server with its own certificate; it is left as it is, outside the mesh`,
        );
    }
    return Reflect.apply(emit, this, [event, ...args]);
  } as typeof prototype.emit;
}

/**
 * A server of HTTP/2 alone is its streams', whose handlers nobody could be put in front of unseen: `mesh.listen` takes it. One of
 * `node:http` is served over HTTP/2, too.
 */
function warnOfHttp2(log: (line: string) => void): void {
  for (const server of [http2.createServer(), http2.createSecureServer()]) {
    const prototype = Object.getPrototypeOf(server) as NetServer;
    const { listen } = prototype;
    prototype.listen = function (this: NetServer, ...args: unknown[]): NetServer {
      this.once('listening', () => {
        const address = this.address();
        if (typeof address === 'object' && address !== null)
          log(
            `heddle/auto: port ${address.port} is a server of node:http2; it is left as it is, outside the mesh: hand it to mesh.listen, or serve it by node:http`,
          );
      });
      return Reflect.apply(listen, this, args);
    } as typeof listen;
  }
}
