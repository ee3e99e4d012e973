/**
 * A world of many workloads in one process and in virtual time. Each has its own outbound and inbound side, as `join` makes them, and so its own
 * budgets; between them is a network that takes a little time, tells a server when its caller hangs up, and knows no sockets.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type {
  Attempt,
  AttemptStop,
  Clock,
  Failed,
  HeaderFields,
  Outcome,
  Random,
  Transport,
} from 'heddle/ports';
import { ResponseBody } from 'heddle/ports';
import type { Exchange } from '../../src/model/exchange.js';
import type { EffectiveCluster, EffectivePolicy } from '../../src/policy/effective.js';
import type { RetryPolicy } from '../../src/traffic/retry/policy.js';
import {
  Binder,
  InboundPath,
  InboundPolicy,
  isFailure,
  noTelemetry,
  Outbound,
  RETRIES_HEADER,
  runCall,
  SPENT,
  Wheel,
} from './internals.js';

export interface Request {
  readonly method: string;
  readonly headers: HeaderFields;
  /** `address:port` of the workload that was asked. */
  readonly endpoint: string;
}

/** A status; a connection that breaks off after the request was read; or nothing at all. */
export type Answer = number | 'reset' | 'never';

export type Handler = (request: Request, self: Workload) => Promise<Answer>;

/** What is said about calls to a service. */
export interface Rules {
  readonly retries: RetryPolicy | null;
  readonly timeoutMs?: number;
  readonly cluster?: Partial<EffectiveCluster>;
}

const INBOUND: EffectivePolicy['inbound'] = {
  mtls: { mode: 'PERMISSIVE', ports: {} },
  authorization: [],
  pathNormalization: 'BASE',
};

/** Time that a message takes from one workload to another, milliseconds. */
const LATENCY_MS = 1;

export class World {
  readonly clock: Clock;
  readonly random: Random;
  /** One for all: what ticks is time, and there is only one here. */
  readonly deadlines;
  readonly workloads = new Map<string, Workload>();
  readonly #services = new Map<string, { endpoints: string[]; rules: Rules }>();

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
    this.deadlines = new Wheel(clock);
  }

  /** `count` workloads of one service; everybody calls it by `rules`. */
  serve(service: string, count: number, rules: Rules, handler: Handler): readonly Workload[] {
    const number = this.#services.size + 1;
    const endpoints = Array.from({ length: count }, (_, index) => `10.0.${number}.${index + 1}:80`);
    this.#services.set(service, { endpoints, rules });
    return endpoints.map((endpoint) => {
      const workload = new Workload(this, endpoint, handler);
      this.workloads.set(endpoint, workload);
      return workload;
    });
  }

  /** Gives everybody the policy of all services. */
  begin(): void {
    const policy = this.#policy();
    for (const workload of this.workloads.values()) workload.accept(policy);
  }

  /** What is still held anywhere; all zero when nothing is under way. */
  held(): { calls: number; exchanges: number; retries: number } {
    const held = { calls: 0, exchanges: 0, retries: 0 };
    for (const { outbound, exchanges } of this.workloads.values()) {
      held.calls += outbound.active;
      held.exchanges += exchanges.size;
      for (const { state } of outbound.snapshot?.clusters.values() ?? [])
        held.retries += state.budget.outstanding;
    }
    return held;
  }

  #policy(): EffectivePolicy {
    const services = [...this.#services.entries()];
    return {
      revision: 1,
      mesh: { trustDomain: 'cluster.local', outboundTrafficPolicy: 'REGISTRY_ONLY' },
      hosts: services.map(([service, { rules }]) => ({
        host: service,
        domains: [service],
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        location: 'mesh',
        resolution: 'static',
        virtualService: null,
        routes: [
          {
            index: 0,
            name: null,
            action: { kind: 'forward', destinations: [{ cluster: `outbound|80||${service}`, weight: 100 }] },
            timeoutMs: rules.timeoutMs ?? null,
            retries: rules.retries,
          },
        ],
        clusters: [
          {
            name: `outbound|80||${service}`,
            port: 80,
            subset: '',
            labels: {},
            balancer: { kind: 'round-robin' },
            connection: { connectTimeoutMs: 10_000, idleTimeoutMs: 60_000, maxRequestsPerConnection: 0 },
            limits: {},
            tls: { mode: 'disable' },
            ...rules.cluster,
          },
        ],
      })),
      endpoints: services.map(([service, { endpoints }]) => ({
        host: service,
        ports: {
          80: endpoints.map((key) => ({
            key,
            address: key.slice(0, -3),
            port: 80,
            labels: {},
            weight: 1,
            mtls: false,
          })),
        },
      })),
      inbound: INBOUND,
    };
  }
}

export class Workload implements Transport {
  readonly endpoint: string;
  readonly outbound;
  /** Under way here. */
  readonly exchanges = new Set<Exchange>();
  /** Requests that arrived. */
  arrived = 0;
  readonly #world: World;
  readonly #handler: Handler;
  readonly #ambient = new AsyncLocalStorage<Exchange>();
  readonly #policy = new InboundPolicy();
  readonly #path;
  readonly #binder;

  constructor(world: World, endpoint: string, handler: Handler) {
    const { clock, random } = world;
    this.#world = world;
    this.endpoint = endpoint;
    this.#handler = handler;
    const ambient = () => this.#ambient.getStore();
    this.outbound = new Outbound({ clock, random, deadlines: world.deadlines, transport: this, ambient });
    this.#binder = new Binder({ clock, random, telemetry: noTelemetry, event() {}, callFilters: [] });
    this.#path = new InboundPath({
      clock,
      random,
      snapshot: this.#policy,
      telemetry: noTelemetry,
      accessLog: (exchange) => this.exchanges.delete(exchange),
      ambient: this.#ambient,
      randomId: () => '00000000-0000-4000-8000-000000000000',
      warn() {},
    });
  }

  accept(policy: EffectivePolicy): void {
    this.#policy.accept(policy.inbound, { trustDomain: 'cluster.local', revision: policy.revision });
    this.outbound.snapshot = this.#binder.bind(policy);
  }

  /** A call of this workload's: its status, or what else became of it. */
  async call(
    service: string,
    method = 'GET',
    headers: HeaderFields = {},
  ): Promise<number | 'failed' | 'gone'> {
    const call = this.outbound.begin({
      method,
      scheme: 'http',
      authority: service,
      path: '/',
      headers,
      body: null,
    });
    const outcome = await runCall(this.outbound, call);
    if (outcome.kind === 'response') return outcome.status;
    return outcome.kind === 'cancelled' ? 'gone' : 'failed';
  }

  /** The network as this workload sees it. */
  send(attempt: Attempt): Promise<Outcome> {
    const { clock, workloads } = this.#world;
    const target = workloads.get(attempt.endpoint.endpoint.key)!;
    const headers = { ...(attempt.headers ?? attempt.call.headers) };
    return new Promise((resolve) => {
      let hangUp = () => {};
      attempt.abort = (stop) => {
        attempt.abort = null;
        resolve(stopped(stop));
        clock.after(LATENCY_MS, () => hangUp());
      };
      clock.after(LATENCY_MS, () => {
        hangUp = target.#receive(
          { method: attempt.call.method, headers, endpoint: target.endpoint },
          (outcome) =>
            clock.after(LATENCY_MS, () => {
              attempt.abort = null;
              resolve(outcome);
            }),
        );
      });
    });
  }

  retain(): void {}

  async close(): Promise<void> {}

  /** @returns what hangs up on it */
  #receive(request: Request, answer: (outcome: Outcome) => void): () => void {
    this.arrived += 1;
    const path = this.#path;
    const exchange = path.begin(
      {
        method: request.method,
        scheme: 'http',
        authority: 'service',
        path: '/',
        headers: request.headers,
        protocol: 'HTTP/1.1',
        peer: { id: null, address: '10.0.0.1', sni: null },
        remoteIp: '10.0.0.1',
        localAddress: request.endpoint,
        localPort: 80,
      },
      null,
    );
    this.exchanges.add(exchange);
    void path
      .run(exchange, () => this.#handler(request, this))
      .then((status) => {
        if (exchange.ended || status === 'never') return;
        const complete = typeof status === 'number';
        const headers: HeaderFields = {};
        if (complete && exchange.retriesSpent && isFailure(status, undefined))
          headers[RETRIES_HEADER] = SPENT;
        path.end(exchange, { status: complete ? status : 0, complete });
        answer(complete ? response(status, headers) : failure('connection-termination', 'UC'));
      });
    return () => path.end(exchange, { status: 0, complete: false });
  }
}

function response(status: number, headers: HeaderFields): Outcome {
  return { kind: 'response', status, statusText: '', headers, body: ResponseBody.of('') };
}

function failure(reset: Failed['reset'], flag: Failed['flag']): Failed {
  return { kind: 'failed', reset, code: 'HEDDLE_CONNECTION_LOST', flag, sent: 'maybe', because: reset };
}

function stopped(stop: AttemptStop): Outcome {
  if (stop === 'cancelled') return { kind: 'cancelled', cause: undefined };
  return failure(stop === 'deadline' ? 'timeout' : stop, 'UT');
}
