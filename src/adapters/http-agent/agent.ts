/**
 * `mesh.agent`: for every client of `node:http` and `node:https`. It keeps no connections: Node writes each request to a stream in this
 * process, and what it wrote becomes a call of the mesh.
 */
import { type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent } from 'node:https';
import type { Clock } from '../../base/clock.js';
import type { Outbound } from '../../outbound/call.js';
import { Connection, type ConnectionParts } from './connection.js';
import type { Target } from './request-head.js';
import { SecureConnection } from './secure-connection.js';

/** What Node gives an agent with each request, as far as it says where the request goes. */
interface RequestOptions {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly socketPath?: string | null;
}

/** The method by which Node hands its requests over. */
interface Agentlike {
  addRequest(request: ClientRequest, options: RequestOptions): void;
}

/**
 * No port at all. An agent says only one default, and Node takes it both for the port that the caller left out and for the one that
 * `Host` need not name; by a port that nobody can ask for the two are told apart, so that http and https each have their own.
 */
const UNSAID_PORT = 0.5;

export class MeshAgent extends Agent implements Agentlike {
  readonly #parts: ConnectionParts;
  readonly #open = new Set<Connection>();
  /** For requests to a Unix socket, which are not the mesh's; made when there is one. */
  readonly #plain: { http?: HttpAgent; https?: Agent } = {};

  constructor(outbound: Outbound, clock: Clock) {
    // Else Node would ask for `Connection: close` with every request.
    super({ keepAlive: true });
    this.#parts = { outbound, clock, left: (connection) => void this.#open.delete(connection) };
    Object.defineProperties(this, {
      // Without one of the agent's own, Node goes by the module: http: for node:http, https: for node:https.
      protocol: { value: undefined },
      defaultPort: { value: UNSAID_PORT },
      sockets: { get: () => this.#byName(), enumerable: true },
      totalSocketCount: { get: () => this.#open.size, enumerable: true },
    });
  }

  /** @internal Called by Node for each request. */
  addRequest(request: ClientRequest, options: RequestOptions): void {
    const secure = request.protocol === 'https:';
    if (options.socketPath != null && options.socketPath !== '') {
      (this.#plainAgent(secure) as unknown as Agentlike).addRequest(request, options);
      return;
    }
    const connection = secure
      ? new SecureConnection(this.#parts, request, targetOf('https', options))
      : new Connection(this.#parts, request, targetOf('http', options));
    this.#open.add(connection);
    const timeoutMs = timeoutOf(request as Timed);
    if (timeoutMs !== undefined) connection.watchSilence(timeoutMs);
    request.onSocket(connection as never);
  }

  /** Gives up every call that is under way by this agent. It takes others afterwards, as any agent. */
  override destroy(): void {
    for (const connection of [...this.#open]) connection.destroy();
    this.#plain.http?.destroy();
    this.#plain.https?.destroy();
  }

  #plainAgent(secure: boolean): HttpAgent {
    if (secure) return (this.#plain.https ??= new Agent({ keepAlive: true }));
    return (this.#plain.http ??= new HttpAgent({ keepAlive: true }));
  }

  /** As agents show them: requests under way, by where they go. */
  #byName(): Record<string, Connection[]> {
    const named: Record<string, Connection[]> = Object.create(null) as Record<string, Connection[]>;
    for (const connection of this.#open) (named[connection.target.authority] ??= []).push(connection);
    return named;
  }
}

interface Timed {
  readonly timeout?: number;
  readonly agent?: { readonly options?: { readonly timeout?: number } };
}

/** Milliseconds; of the request, else of the agent that it was made with, which under `heddle/auto` is another than this. */
function timeoutOf({ timeout, agent }: Timed): number | undefined {
  return timeout ?? agent?.options?.timeout;
}

function targetOf(scheme: 'http' | 'https', { host, port }: RequestOptions): Target {
  const name = host ?? 'localhost';
  const bracketed = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
  const unsaid = port === undefined || port === null || port === UNSAID_PORT;
  return { scheme, authority: unsaid ? bracketed : `${bracketed}:${port}` };
}
