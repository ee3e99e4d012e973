/** An outbound side over a wire that the test plays, in virtual time. */
import { Deadlines } from '../base/deadlines.js';
import { emptyFields, type HeaderFields } from '../base/headers.js';
import type { Random } from '../base/random.js';
import { FakeClock, seededRandom } from '../base/testing.js';
import type { Attempt, AttemptStop } from '../model/attempt.js';
import type { CallRequest } from '../model/call.js';
import { clusterName } from '../model/cluster.js';
import type { Endpoint } from '../model/endpoint.js';
import { Exchange } from '../model/exchange.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import type { Failed, Outcome, Reset } from '../model/outcome.js';
import { ResponseBody } from '../model/response-body.js';
import type { EffectiveCluster, EffectiveHost, EffectivePolicy } from '../policy/effective.js';
import { noTelemetry } from '../ports/telemetry.js';
import type { Transport } from '../ports/transport.js';
import { faultFilter } from '../traffic/fault/index.js';
import type { RetryPolicy } from '../traffic/retry/policy.js';
import type { EffectiveRoute } from '../traffic/route/policy.js';
import { Binder } from './bind.js';
import { Outbound, runCall } from './call.js';
import { mirrorFilter } from './mirror.js';
import { CALL_ORDER, inOrder } from './order.js';
import type { OutboundCall } from './outbound-call.js';

/** One attempt as the wire sees it, to be answered by the test. */
export class Sent {
  readonly attempt: Attempt;
  readonly headers: HeaderFields;
  /** Reasons for which the body was given up. */
  readonly aborted: Error[] = [];
  #resolve: ((outcome: Outcome) => void) | null;
  #body: ResponseBody | null = null;

  constructor(attempt: Attempt, resolve: (outcome: Outcome) => void) {
    this.attempt = attempt;
    this.headers = { ...attempt.call.headers };
    this.#resolve = resolve;
    attempt.abort = (stop) => {
      attempt.abort = null;
      this.#settle(stopped(stop));
      this.#body?.fail(new Error(stop));
    };
  }

  get endpoint(): string {
    return this.attempt.endpoint.endpoint.key;
  }

  /** The head of a response; its body stays open. */
  head(status: number, headers: HeaderFields = emptyFields()): ResponseBody {
    const body = new ResponseBody({ pause() {}, resume() {}, abort: (reason) => this.aborted.push(reason) });
    this.#body = body;
    this.#settle({ kind: 'response', status, statusText: '', headers, body });
    return body;
  }

  respond(status: number, text = ''): void {
    const body = this.head(status);
    if (text !== '') body.push(Buffer.from(text));
    body.end();
  }

  fail(reset: Reset, sent: 'no' | 'maybe' = 'maybe'): void {
    this.#settle({
      kind: 'failed',
      reset,
      code: 'HEDDLE_CONNECTION_LOST',
      flag: 'UC',
      sent,
      because: reset,
    });
  }

  #settle(outcome: Outcome): void {
    this.#resolve?.(outcome);
    this.#resolve = null;
  }
}

function stopped(stop: AttemptStop): Outcome {
  if (stop === 'cancelled') return { kind: 'cancelled', cause: undefined };
  const reset = stop === 'deadline' ? 'timeout' : stop;
  return {
    kind: 'failed',
    reset,
    code: 'HEDDLE_DEADLINE_EXCEEDED',
    flag: 'UT',
    sent: 'maybe',
    because: reset,
  };
}

export class Wire implements Transport {
  readonly sent: Sent[] = [];
  /** Answers at once; absent: the attempt hangs until the test answers it. */
  answer: ((sent: Sent) => void) | null = null;

  send(attempt: Attempt): Promise<Outcome> {
    return new Promise((resolve) => {
      const sent = new Sent(attempt, resolve);
      this.sent.push(sent);
      this.answer?.(sent);
    });
  }

  get last(): Sent {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  retain(): void {}

  async close(): Promise<void> {}
}

export const REVIEWS = 'reviews.default.svc.cluster.local';
export const ALL = clusterName(80, '', REVIEWS);

export function endpoint(number: number, changes: Partial<Endpoint> = {}): Endpoint {
  const address = `10.0.0.${number}`;
  return { key: `${address}:8080`, address, port: 8080, labels: {}, weight: 1, mtls: false, ...changes };
}

export function cluster(changes: Partial<EffectiveCluster> = {}): EffectiveCluster {
  return {
    name: ALL,
    port: 80,
    subset: '',
    labels: {},
    balancer: { kind: 'round-robin' },
    connection: { connectTimeoutMs: 10_000, idleTimeoutMs: 60_000, maxRequestsPerConnection: 0 },
    limits: {},
    tls: { mode: 'disable' },
    ...changes,
  };
}

export function route(changes: Partial<EffectiveRoute> = {}): EffectiveRoute {
  return {
    index: 0,
    name: null,
    action: { kind: 'forward', destinations: [{ cluster: ALL, weight: 100 }] },
    timeoutMs: null,
    retries: null,
    ...changes,
  };
}

export function retries(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    attempts: 2,
    perTryTimeoutMs: null,
    on: ['5xx'],
    statusCodes: [],
    backoffMs: 25,
    ignorePreviousHosts: true,
    explicit: true,
    ...changes,
  };
}

export interface World {
  /** @default 'REGISTRY_ONLY' */
  readonly outbound?: 'ALLOW_ANY' | 'REGISTRY_ONLY';
  readonly egressProxy?: string;
  readonly routes?: readonly EffectiveRoute[];
  readonly clusters?: readonly EffectiveCluster[];
  readonly endpoints?: readonly Endpoint[];
  readonly hosts?: readonly EffectiveHost[];
  readonly revision?: number;
}

export function host(world: World = {}): EffectiveHost {
  return {
    host: REVIEWS,
    domains: [REVIEWS, 'reviews'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    location: 'mesh',
    resolution: 'static',
    virtualService: 'default/reviews',
    routes: world.routes ?? [route()],
    clusters: world.clusters ?? [cluster()],
  };
}

export function policy(world: World = {}): EffectivePolicy {
  return {
    revision: world.revision ?? 1,
    mesh: {
      trustDomain: 'cluster.local',
      outboundTrafficPolicy: world.outbound ?? 'REGISTRY_ONLY',
      ...(world.egressProxy !== undefined && { egressProxy: { cluster: world.egressProxy } }),
    },
    hosts: world.hosts ?? [host(world)],
    endpoints: [{ host: REVIEWS, ports: { 80: world.endpoints ?? [endpoint(1), endpoint(2), endpoint(3)] } }],
    inbound: { mtls: { mode: 'PERMISSIVE', ports: {} }, authorization: [], pathNormalization: 'BASE' },
  };
}

/** All of the outbound side but the network. */
export class Bench {
  readonly clock = new FakeClock();
  readonly wire = new Wire();
  readonly deadlines = new Deadlines(this.clock);
  readonly events: string[] = [];
  /** What the filters that count were told, in order. */
  readonly told: string[] = [];
  readonly outbound: Outbound;
  readonly binder: Binder;
  exchange: Exchange | undefined;

  constructor(world: World = {}, random: Random = seededRandom(1)) {
    const { clock, deadlines, wire } = this;
    this.outbound = new Outbound({ clock, random, deadlines, transport: wire, ambient: () => this.exchange });
    const faultOf = (call: unknown) => (call as OutboundCall).plan?.route?.fault ?? null;
    const trace = told<CallFilter>('trace', (line) => this.told.push(line));
    this.binder = new Binder({
      clock,
      random,
      caller: { locality: 'eu/a/1', labels: {} },
      telemetry: {
        ...noTelemetry,
        attempt: told<AttemptFilter>('attempt-span', (line) => this.told.push(line)),
      },
      event: (name, attributes) => this.events.push(`${name} ${Object.values(attributes).join(' ')}`),
      callFilters: inOrder(CALL_ORDER, [
        trace,
        faultFilter({ faultOf, clock, random }),
        mirrorFilter(() => this.outbound),
      ]),
    });
    this.accept(world);
  }

  accept(world: World): void {
    this.outbound.snapshot = this.binder.bind(policy(world));
  }

  call(request: Partial<CallRequest> = {}): OutboundCall {
    return this.outbound.begin({
      method: 'GET',
      scheme: 'http',
      authority: 'reviews',
      path: '/',
      headers: emptyFields(),
      body: null,
      ...request,
    });
  }

  run(call: OutboundCall = this.call()): Promise<Outcome> {
    return runCall(this.outbound, call);
  }

  /** Begins a call and lets it come as far as it can without an answer. */
  async begin(
    request: Partial<CallRequest> = {},
  ): Promise<{ call: OutboundCall; outcome: Promise<Outcome> }> {
    const call = this.call(request);
    const outcome = this.run(call);
    await this.clock.advanceAsync(0);
    return { call, outcome };
  }

  cluster(name = ALL) {
    const found = this.outbound.snapshot?.clusters.get(name);
    if (found === undefined) throw new Error(`no cluster ${name}`);
    return found;
  }

  /** What is still held by calls; all zero when nothing is under way. */
  held() {
    const clusters = [...(this.outbound.snapshot?.clusters.values() ?? [])];
    return {
      active: this.outbound.active,
      deadlines: this.deadlines.size,
      limit: clusters.reduce((sum, { state }) => sum + state.limit.active, 0),
      retries: clusters.reduce((sum, { state }) => sum + state.budget.outstanding, 0),
      inFlight: clusters.flatMap(({ endpoints }) => endpoints).reduce((sum, one) => sum + one.inFlight, 0),
    };
  }
}

export const NOTHING = { active: 0, deadlines: 0, limit: 0, retries: 0, inFlight: 0 };

function told<T extends AttemptFilter | CallFilter>(name: string, tell: (line: string) => void): T {
  return {
    name,
    admit() {
      tell(`${name} admit`);
      return null;
    },
    settle: (_subject: unknown, outcome: Outcome) => tell(`${name} settle ${outcome.kind}`),
    release: () => tell(`${name} release`),
  } as unknown as T;
}

export function text(outcome: Outcome): Promise<string> {
  if (outcome.kind !== 'response') throw new Error(`${outcome.kind} instead of a response`);
  const { body } = outcome;
  let read = '';
  return new Promise((resolve, reject) =>
    body.attach({
      onData(chunk) {
        read += Buffer.from(chunk).toString();
        return true;
      },
      onEnd: () => resolve(read),
      onError: reject,
    }),
  );
}

export function failed(outcome: Outcome): Failed {
  if (outcome.kind !== 'failed') throw new Error(`${outcome.kind} instead of a failure`);
  return outcome;
}

export function serving(bench: Bench, deadlineAt = Number.POSITIVE_INFINITY): Exchange {
  const exchange = new Exchange(
    {
      method: 'GET',
      scheme: 'http',
      authority: 'productpage',
      path: '/',
      headers: emptyFields(),
      protocol: 'HTTP/1.1',
      peer: { id: null, address: '127.0.0.1', sni: null },
      remoteIp: '127.0.0.1',
      localAddress: '127.0.0.1',
      localPort: 80,
    },
    bench.clock.now(),
    bench.clock.wallNow(),
  );
  exchange.deadlineAt = deadlineAt;
  bench.exchange = exchange;
  return exchange;
}
