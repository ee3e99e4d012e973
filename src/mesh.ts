/** The composition root: `join()` makes the parts and joins them; they meet nowhere else. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import type { Agent } from 'node:https';
import type { Dispatcher } from 'undici';
import { callsOver, type MeshCalls } from './adapters/calls/index.js';
import { probeOver } from './adapters/connection/probe.js';
import { systemNames } from './adapters/dns/index.js';
import { type ExpressMiddleware, expressMiddleware } from './adapters/express/index.js';
import { checkOver } from './adapters/ext-authz/index.js';
import { fetchOver, type MeshFetch } from './adapters/fetch/index.js';
import { agentOver } from './adapters/http-agent/index.js';
import { openWorkloadApi } from './adapters/identity-spiffe/index.js';
import {
  type AdoptRequest,
  type Handler,
  handler,
  type Listening,
  type ListenTarget,
} from './adapters/node-http/index.js';
import { type Origin, type OriginParts, openOrigin } from './adapters/origin.js';
import { type MeshConnect, TcpConnections } from './adapters/tcp/index.js';
import type { TcpTarget } from './adapters/tcp-server/index.js';
import { HttpTransport } from './adapters/transport.js';
import { dispatcherOver } from './adapters/undici/dispatcher.js';
import { TextFetcher } from './adapters/undici/fetch-text.js';
import { type MeshRequest, requestOver } from './adapters/undici/request.js';
import { type Clock, systemClock } from './base/clock.js';
import { Deadlines } from './base/deadlines.js';
import { MeshError } from './base/errors.js';
import { SystemEventLoop } from './base/event-loop.js';
import { systemRandom } from './base/random.js';
import { withTimeLimit } from './base/time-limit.js';
import { InboundPolicy } from './inbound/bind.js';
import { InboundPath } from './inbound/exchange.js';
import { contextOf, type MeshContext } from './mesh/context.js';
import { overdueFacts } from './mesh/identity.js';
import { InForce } from './mesh/in-force.js';
import { type Adoption, type MeshListenOptions, type MeshTcpListenOptions, Served } from './mesh/served.js';
import { type MeshStatus, statusOf } from './mesh/status.js';
import { observe } from './mesh/telemetry.js';
import type { Exchange } from './model/exchange.js';
import { newRequestId } from './observability/trace/request-id.js';
import { Binder } from './outbound/bind.js';
import { Outbound } from './outbound/call.js';
import { mirrorFilter } from './outbound/mirror.js';
import { Names } from './outbound/names.js';
import { CALL_ORDER, inOrder } from './outbound/order.js';
import type { OutboundCall } from './outbound/outbound-call.js';
import type { StateEvent } from './outbound/state.js';
import type { Telemetry } from './ports/telemetry.js';
import { TlsContexts } from './security/tls/contexts.js';
import { TokenAuthenticator } from './security/token/index.js';
import { type JoinOptions, readSettings, type Settings } from './settings.js';
import { callerOf } from './traffic/balance/index.js';
import { faultFilter } from './traffic/fault/index.js';

export type { MeshListenOptions, MeshTcpListenOptions } from './mesh/served.js';
export type { MeshStatus } from './mesh/status.js';

/**
 * Joins the mesh: reads `HEDDLE_*` and `options`, gets an identity and policy, and is ready for calls.
 * @throws MeshError `HEDDLE_INVALID_SETTING` for a wrong setting; `HEDDLE_INVALID_POLICY` if the first policy is bad, naming file and
 * line; `HEDDLE_JOIN_FAILED` after `joinTimeoutMs` (default 10 000 ms) at the
 * latest, saying what was missing; the reason of `options.signal`
 * @example await using mesh = await join();
 */
export async function join(options: JoinOptions = {}): Promise<Mesh> {
  const settings = readSettings(options, process.env, (path) => readFileSync(path, 'utf8'));
  const log = options.log ?? ((line: string) => process.stderr.write(`heddle: ${line}\n`));
  for (const warning of settings.warnings) log(warning);
  const identity = options.identity ?? (settings.identity === 'spiffe' ? await openWorkloadApi(log) : null);
  const parts = { clock: systemClock, random: systemRandom, log, identity };
  const mesh = await meshOf(settings, parts);
  try {
    await mesh.ready(options.signal);
  } catch (error) {
    await mesh.close();
    throw error;
  }
  return mesh;
}

/** Settings that do not go together must not leave an identity behind that goes on renewing. */
async function meshOf(settings: Settings, parts: OriginParts): Promise<Mesh> {
  try {
    const mesh: Mesh = new Mesh(
      settings,
      openOrigin(settings, { ...parts, onOverdue: (...late) => mesh.overdue(...late) }),
      parts,
    );
    return mesh;
  } catch (error) {
    await parts.identity?.close();
    throw error;
  }
}

/** One membership in a mesh. Made by {@link join}. */
export class Mesh implements AsyncDisposable {
  /** The fetch API. */
  readonly fetch: MeshFetch;
  /** undici's `request`. */
  readonly request: MeshRequest;
  /** For any client that takes an undici Dispatcher, the built-in `fetch` included. */
  readonly dispatcher: Dispatcher;
  /** For any client of `node:http` or `node:https`: axios, got, superagent, `ws`, plain `http.request`. */
  readonly agent: Agent;
  /** A stream, for clients of protocols that are not HTTP. */
  readonly connect: MeshConnect;
  /** For packages that carry another protocol over HTTP/2, such as gRPC. */
  readonly calls: MeshCalls;
  readonly #settings: Settings;
  readonly #log: (line: string) => void;
  readonly #clock: Clock;
  readonly #ambient = new AsyncLocalStorage<Exchange>();
  readonly #origin: Origin;
  readonly #contexts: TlsContexts;
  readonly #transport: HttpTransport;
  readonly #outbound: Outbound;
  readonly #connections: TcpConnections;
  readonly #names: Names;
  readonly #binder: Binder;
  readonly #inbound: InboundPath;
  readonly #keyFetcher = new TextFetcher();
  readonly #tokens: TokenAuthenticator;
  readonly #inForce: InForce;
  readonly #telemetry: Telemetry;
  readonly #served: Served;
  #closing: Promise<void> | null = null;

  /** @internal */
  constructor(settings: Settings, origin: Origin, { clock, random, log }: OriginParts) {
    this.#settings = settings;
    this.#origin = origin;
    this.#log = log;
    this.#clock = clock;
    const ambient = () => this.#ambient.getStore();
    this.#contexts = new TlsContexts(origin.identity, {
      credentialsDir: settings.credentialsDir,
      clock,
      warn: log,
    });
    const observed = observe(settings, {
      clock,
      random,
      ambient,
      principal: () => this.#spiffeId(),
      environment: (name) => process.env[name],
    });
    this.#telemetry = observed.telemetry;
    const opening = { contexts: this.#contexts, clock };
    this.#transport = new HttpTransport(opening);
    const deadlines = new Deadlines(clock);
    this.#outbound = new Outbound({ clock, random, deadlines, transport: this.#transport, ambient });
    const event: StateEvent = (name, attributes) => this.#event(name, attributes);
    this.#names = new Names({ clock, resolver: systemNames, onChange: () => this.#inForce.rebind() });
    const probe = probeOver(opening);
    this.#binder = new Binder({
      clock,
      names: this.#names,
      random,
      telemetry: this.#telemetry,
      event,
      caller: callerOf(settings.workload),
      checks: { transport: this.#transport, probe },
      callFilters: inOrder(CALL_ORDER, [
        this.#telemetry.call,
        faultFilter({ faultOf: (call) => (call as OutboundCall).plan?.route?.fault ?? null, clock, random }),
        mirrorFilter(() => this.#outbound),
      ]),
    });
    const inboundPolicy = new InboundPolicy();
    inboundPolicy.subscribe((snapshot) =>
      this.#contexts.setTrustDomainAliases(snapshot?.trustDomainAliases ?? []),
    );
    this.#tokens = new TokenAuthenticator({ clock, fetch: this.#keyFetcher.fetch, warn: log });
    this.#inbound = new InboundPath({
      clock,
      snapshot: inboundPolicy,
      telemetry: this.#telemetry,
      accessLog: observed.accessLog,
      ambient: this.#ambient,
      trustedHops: settings.trustedHops,
      tokens: this.#tokens,
      sendCheck: checkOver(this.#outbound),
      random,
      loop: new SystemEventLoop(clock),
      randomId: () => newRequestId(random),
      warn: log,
    });
    this.#served = new Served({
      settings,
      path: this.#inbound,
      tls: origin.identity === null ? null : this.#contexts,
      register: (listeners) => origin.source.register(listeners),
    });
    this.#inForce = new InForce({
      source: origin.source,
      binder: this.#binder,
      outbound: this.#outbound,
      inbound: inboundPolicy,
      transport: this.#transport,
      telemetry: observed.policies,
      event,
    });
    this.#contexts.peers.onWithdrawn((keys) => this.#inForce.reconnect(keys));
    this.fetch = fetchOver(this.#outbound);
    this.request = requestOver(this.#outbound);
    this.dispatcher = dispatcherOver(this.#outbound);
    this.calls = callsOver(this.#outbound, probe);
    this.agent = agentOver(this.#outbound, clock);
    this.#connections = new TcpConnections(this.#outbound, opening, this.#telemetry);
    this.connect = this.#connections.connect;
  }

  /** @internal Waits for the first policy and follows it from then on. */
  async ready(signal?: AbortSignal): Promise<void> {
    const { source, identity } = this.#origin;
    const error = () => new Error('joinTimeoutMs is over');
    const limit = { clock: this.#clock, limitMs: this.#settings.joinTimeoutMs, signal, error };
    await withTimeLimit(limit, (stop) => Promise.all([source.ready(stop), identity?.ready?.(stop)])).catch(
      (late: unknown) => {
        signal?.throwIfAborted();
        throw late;
      },
    );
    this.#inForce.offer(source.policy.current());
    if (this.#outbound.snapshot === null) {
      throw new MeshError('the first policy was refused, and there is none before it to go on with', {
        code: 'HEDDLE_JOIN_FAILED',
        cause: this.#inForce.refusal,
      });
    }
    source.policy.subscribe((policy) => this.#inForce.offer(policy));
    this.#origin.identity?.svid.subscribe(({ notAfter }) =>
      this.#event('certificate.renewed', { expiresAt: notAfter }),
    );
  }

  /** Express middleware, for an application that listens by itself. Put it first. Does nothing a second time behind {@link listen}. */
  express(): ExpressMiddleware {
    return expressMiddleware(this.#inbound);
  }

  /** `fn` behind the mesh, for a `node:http` server of your own. */
  handler(fn: Handler): ReturnType<typeof handler> {
    return handler(this.#inbound, fn);
  }

  /**
   * Serves an application on a port of the mesh, with mutual TLS as policy says, and makes it known to callers.
   * @param port 0: any free one
   * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the port cannot be had
   */
  listen(target: ListenTarget, port: number, options?: MeshListenOptions): Promise<Listening>;
  /** The same for a server that does not speak HTTP: a function of the connection, or a `node:net` server. */
  listen(target: TcpTarget, port: number, options: MeshTcpListenOptions): Promise<Listening>;
  async listen(
    target: ListenTarget | TcpTarget,
    port: number,
    options: MeshListenOptions | MeshTcpListenOptions = {},
  ): Promise<Listening> {
    if (this.#closing !== null) throw new MeshError('this mesh was closed', { code: 'HEDDLE_CLOSED' });
    return this.#served.listen(target, port, options);
  }

  /**
   * @internal For heddle/auto: stands in front of a server that listens by itself.
   * @param as what callers are told of it, and which port the application asked for; null: nothing
   * @returns `release`, for when the application closes it
   */
  adopt(
    request: Omit<AdoptRequest, 'tls'>,
    as: (MeshListenOptions & { readonly asked: number }) | null,
  ): Adoption {
    return this.#served.adopt(request, as);
  }

  /** @internal For heddle/auto: are calls to this host refused, because policy does not know it? */
  refuses(host: string): boolean {
    const { snapshot } = this.#outbound;
    return snapshot?.mesh.outboundTrafficPolicy !== 'ALLOW_ANY' && snapshot?.hosts.lookup(host) === undefined;
  }

  /** The request that the running code serves; undefined outside of any. */
  context(): MeshContext | undefined {
    const exchange = this.#ambient.getStore();
    return exchange && contextOf(exchange, this.#clock);
  }

  status(): MeshStatus {
    const { snapshot } = this.#outbound;
    return statusOf(this.#settings.workload, this.#origin, this.#served.listeners, snapshot);
  }

  /**
   * Leaves: callers are told to go elsewhere, nothing new is taken, what is in flight may finish for `drainTimeoutMs` (default
   * 10 000 ms), and then everything is closed. Closing twice is fine.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { drainTimeoutMs } = this.#settings;
    const drainedBy = this.#clock.now() + drainTimeoutMs;
    this.#served.withdraw();
    await Promise.all([this.#inbound.drain(drainTimeoutMs), this.#served.close(drainTimeoutMs)]);
    await this.#outbound.idle(drainedBy - this.#clock.now());
    this.#outbound.closed = true;
    this.#binder.stopChecks();
    this.#connections.close();
    // Waiting for calls that outlived the drain would be waiting without a limit.
    await (this.#outbound.active === 0 ? this.#transport.close() : this.#transport.destroy());
    this.#tokens.close();
    await this.#keyFetcher.close();
    await this.#origin.close();
    this.#contexts.close();
    this.#names.close();
    this.#binder.dispose();
  }

  /** @internal Our SVID is late to be renewed. */
  overdue(...late: Parameters<typeof overdueFacts>): void {
    this.#event('certificate.overdue', overdueFacts(...late));
  }

  /** Told to telemetry, and in a line to people. */
  #event(name: string, attributes: Readonly<Record<string, string | number>>): void {
    this.#telemetry.event(name, attributes);
    const facts = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
    this.#log([name, ...facts].join(' '));
  }

  #spiffeId(): string | undefined {
    try {
      return this.#origin.identity?.svid.current().id.toString();
    } catch {
      return undefined; // not issued yet
    }
  }
}
