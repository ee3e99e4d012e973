import { type Context, diag, type Span } from '@opentelemetry/api';
import type { Clock } from '../base/clock.js';
import type { Random } from '../base/random.js';
import type { Attempt } from '../model/attempt.js';
import type { Call } from '../model/call.js';
import type { Destination } from '../model/destination.js';
import type { Exchange, Peer } from '../model/exchange.js';
import type { AttemptFilter, CallFilter } from '../model/filter.js';
import type { Outcome } from '../model/outcome.js';
import type { Workload } from '../model/workload.js';
import type { ConnectionBytes, ConnectionClosed, Telemetry } from '../ports/telemetry.js';
import type { AccessLogRule } from './access-log/decide.js';
import { EndedCall } from './ended-call.js';
import type { CompiledSide, TelemetryPolicies } from './in-force.js';
import {
  ClientMetrics,
  type EventAttributes,
  type Instruments,
  MeshFacts,
  MeterSource,
  ServerMetrics,
  TcpMetrics,
} from './metrics/index.js';
import { globalOtelApi, type OtelApi } from './otel-api.js';
import {
  acceptRequestId,
  type CallTrace,
  type Carried,
  ClientSpans,
  carriedFrom,
  carryOn,
  carryOnApart,
  type ExchangeTrace,
  newRequestId,
  REQUEST_ID,
  ServerSpans,
  TracerSource,
} from './trace/index.js';

export interface OpenTelemetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The exchange being served where this is asked; undefined outside of any. */
  readonly ambient: () => Exchange | undefined;
  /** Who we are, for Istio's labels. */
  readonly workload: Workload;
  /** Our own SPIFFE ID as text, once there is a certificate. @default never known */
  readonly principal?: () => string | undefined;
  /** Where SDKs register. @default the process's globals */
  readonly api?: OtelApi;
  /** What policy says. @default never anything */
  readonly policy?: TelemetryPolicies;
  /** Writes a call that is over to the access log, where policy asks for it. @default nowhere */
  readonly logCall?: (ended: EndedCall, rule: AccessLogRule) => void;
  /** Of the machine, for tags that policy adds. @default the workload's name */
  readonly hostname?: string;
}

/**
 * Spans and metrics through the OpenTelemetry API. Until an SDK is registered nothing is recorded and almost nothing is
 * done; what remains is that trace context, baggage and `x-request-id` of an exchange travel on to the calls made while
 * serving it. Nothing here throws: what goes wrong inside an SDK is told to OpenTelemetry's own diagnostics.
 */
export function openTelemetry(options: OpenTelemetryOptions): Telemetry {
  return new OpenTelemetry(options);
}

/** What is kept of an exchange: its place in a trace, what its calls carry on, and what policy said when it began. */
class ExchangeRecord {
  readonly carried: Carried;
  readonly trace: ExchangeTrace | null;
  readonly policy: CompiledSide | null;
  constructor(carried: Carried, trace: ExchangeTrace | null, policy: CompiledSide | null) {
    this.carried = carried;
    this.trace = trace;
    this.policy = policy;
  }
}

/** What is kept of a call while somebody records. */
class CallRecord {
  readonly trace: CallTrace | null;
  readonly policy: CompiledSide | null;
  /** Of the SDK that was there when the call began; null: none. */
  readonly instruments: Instruments | null;
  outcome: Outcome | null = null;
  destination: Destination | null = null;
  constructor(trace: CallTrace | null, policy: CompiledSide | null, instruments: Instruments | null) {
    this.trace = trace;
    this.policy = policy;
    this.instruments = instruments;
  }
}

class AttemptRecord {
  readonly span: Span | null;
  readonly call: CallRecord;
  outcome: Outcome | null = null;
  constructor(span: Span | null, call: CallRecord) {
    this.span = span;
    this.call = call;
  }
}

class OpenTelemetry implements Telemetry {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ambient: () => Exchange | undefined;
  readonly #api: OtelApi;
  readonly #tracers: TracerSource;
  readonly #clientSpans: ClientSpans;
  readonly #serverSpans: ServerSpans;
  readonly #facts: MeshFacts;
  readonly #meters: MeterSource;
  readonly #clientMetrics: ClientMetrics;
  readonly #serverMetrics: ServerMetrics;
  readonly #tcpMetrics: TcpMetrics;
  readonly #policy: TelemetryPolicies | null;
  readonly #logCall: OpenTelemetryOptions['logCall'];

  readonly call: CallFilter = {
    name: 'trace',
    admit: (call) => {
      this.#callBegins(call);
      return null;
    },
    settle: (call, outcome) => {
      if (!(call.span instanceof CallRecord)) return;
      call.span.outcome = outcome;
      // Only a response has a body to wait for.
      if (outcome.kind !== 'response') this.#callEnds(call);
    },
    release: (call) => this.#callEnds(call),
  };

  readonly attempt: AttemptFilter = {
    name: 'attempt-span',
    admit: (attempt) => {
      const { span } = attempt.call;
      if (span instanceof CallRecord) this.#attemptBegins(attempt, span);
      return null;
    },
    settle: (attempt, outcome) => {
      if (!(attempt.span instanceof AttemptRecord)) return;
      attempt.span.outcome = outcome;
      if (outcome.kind !== 'response') this.#attemptEnds(attempt);
    },
    release: (attempt) => this.#attemptEnds(attempt),
  };

  constructor({
    clock,
    random,
    ambient,
    workload,
    principal = unproved,
    api = globalOtelApi,
    policy,
    logCall,
    hostname = workload.name,
  }: OpenTelemetryOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#ambient = ambient;
    this.#api = api;
    this.#tracers = new TracerSource(api);
    this.#policy = policy ?? null;
    this.#logCall = logCall;
    const facts = { clock, random, hostname };
    this.#clientSpans = new ClientSpans(api, facts);
    this.#serverSpans = new ServerSpans(api, facts);
    this.#facts = new MeshFacts(workload);
    this.#meters = new MeterSource(api, this.#facts);
    this.#clientMetrics = new ClientMetrics(workload, principal);
    this.#serverMetrics = new ServerMetrics(workload, principal);
    const instruments = () => this.#meters.current();
    this.#tcpMetrics = new TcpMetrics({ workload, principal, clock, instruments, fail: tell });
  }

  exchangeStarted(exchange: Exchange): void {
    const { headers } = exchange.facts;
    if (exchange.requestId === '')
      exchange.requestId = acceptRequestId(headers[REQUEST_ID]) ?? newRequestId(this.#random);
    const policy = this.#policy === null ? null : this.#policy.server;
    let trace: ExchangeTrace | null = null;
    try {
      const tracer = this.#tracers.current();
      if (tracer !== null) trace = this.#serverSpans.begin(exchange, tracer, policy?.tracing ?? null);
    } catch (error) {
      tell(error);
    }
    exchange.telemetry = new ExchangeRecord(carriedFrom(headers), trace, policy);
  }

  exchangeEnded(exchange: Exchange): void {
    // Connections have metrics of their own.
    if (exchange.facts.protocol === 'TCP') return;
    try {
      const record = exchange.telemetry instanceof ExchangeRecord ? exchange.telemetry : null;
      if (record !== null && record.trace !== null) this.#serverSpans.end(exchange, record.trace);
      const instruments = this.#meters.current();
      if (instruments === null) return;
      const ms = this.#clock.now() - exchange.startedAt;
      this.#serverMetrics.record(instruments, exchange, ms, record?.policy?.metrics ?? null);
    } catch (error) {
      tell(error);
    }
  }

  run<T>(exchange: Exchange, handler: () => T): T {
    const context = contextOf(exchange);
    return context === undefined ? handler() : this.#api.context.with(context, handler);
  }

  event(name: string, attributes: EventAttributes): void {
    try {
      this.#facts.record(name, attributes, this.#meters.current());
    } catch (error) {
      tell(error);
    }
  }

  tcpAccepted(peer: Peer, bytes: ConnectionBytes): ConnectionClosed {
    return this.#tcpMetrics.inbound(peer, bytes);
  }

  tcpConnected(destination: Destination, bytes: ConnectionBytes): ConnectionClosed {
    return this.#tcpMetrics.outbound(destination, bytes);
  }

  #callBegins(call: Call): void {
    const exchange = this.#ambient();
    const policy = this.#policy === null ? null : this.#policy.client;
    call.headers[REQUEST_ID] ??= exchange?.requestId || newRequestId(this.#random);
    try {
      const tracer = this.#tracers.current();
      const instruments = this.#meters.current();
      if (tracer !== null) {
        const trace = this.#clientSpans.begin(call, tracer, contextOf(exchange), policy?.tracing ?? null);
        call.span = new CallRecord(trace, policy, instruments);
      } else if (instruments !== null || policy?.accessLog?.on === true)
        call.span = new CallRecord(null, policy, instruments);
    } catch (error) {
      tell(error);
    }
    const record = exchange?.telemetry;
    if (!(record instanceof ExchangeRecord)) return;
    // After the spans: what they wrote stays, what nobody wrote goes on as it came.
    if (policy?.tracing?.apart === true) carryOnApart(record.carried, call.headers);
    else carryOn(record.carried, call.headers);
  }

  #callEnds(call: Call): void {
    const record = call.span;
    if (!(record instanceof CallRecord)) return;
    call.span = null;
    try {
      if (record.trace !== null) this.#clientSpans.end(call, record.trace, record.outcome);
      const { outcome, destination, policy, instruments } = record;
      const rule = policy?.accessLog?.on === true ? policy.accessLog : null;
      if (outcome === null || (instruments === null && rule === null)) return;
      const durationMs = this.#clock.now() - call.startedAt;
      const startedWall = this.#clock.wallNow() - durationMs;
      const ended = new EndedCall(call, outcome, destination, durationMs, startedWall);
      if (instruments !== null) this.#clientMetrics.record(instruments, ended, policy?.metrics ?? null);
      if (rule !== null) this.#logCall?.(ended, rule);
    } catch (error) {
      tell(error);
    }
  }

  #attemptBegins(attempt: Attempt, call: CallRecord): void {
    call.destination = attempt.endpoint.destination;
    let span: Span | null = null;
    try {
      if (call.trace !== null) span = this.#clientSpans.beginAttempt(attempt, call.trace);
    } catch (error) {
      tell(error);
    }
    attempt.span = new AttemptRecord(span, call);
  }

  #attemptEnds(attempt: Attempt): void {
    const record = attempt.span;
    if (!(record instanceof AttemptRecord)) return;
    attempt.span = null;
    try {
      const { instruments, trace } = record.call;
      if (record.span !== null && trace !== null)
        this.#clientSpans.endAttempt(record.span, attempt, trace, record.outcome);
      if (instruments === null || record.outcome === null) return;
      const ms = this.#clock.now() - attempt.startedAt;
      this.#clientMetrics.recordAttempt(instruments, attempt, record.outcome, ms);
    } catch (error) {
      tell(error);
    }
  }
}

function contextOf(exchange: Exchange | undefined): Context | undefined {
  const record = exchange?.telemetry;
  return record instanceof ExchangeRecord ? record.trace?.context : undefined;
}

const unproved = (): undefined => undefined;

/** A call must not fail because it is being watched: what an SDK throws goes to OpenTelemetry's own diagnostics. */
function tell(error: unknown): void {
  diag.error('heddle: telemetry failed', error);
}
