import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import type { Attempt } from '../../model/attempt.js';
import type { Call } from '../../model/call.js';
import { formatFlags } from '../../model/flags.js';
import { methodOf } from '../../model/grpc.js';
import { statusOfEnded } from '../../model/grpc-end.js';
import type { Outcome } from '../../model/outcome.js';
import type { OtelApi } from '../otel-api.js';
import { errorTypeOf, reasonOf } from '../outcome-words.js';
import { fullUrl, knownMethod, methodInName, splitAuthority } from '../semconv.js';
import { beginSpan } from './begin.js';
import {
  contextFromFields,
  hasOtherFormats,
  hasOthers,
  injectOthers,
  isSilent,
  writeSpan,
} from './context.js';
import type { CompiledTracing } from './decide.js';
import type { SpanFacts, TagFacts } from './tags.js';

/** The place in its trace of a call that is recorded. */
export interface CallTrace {
  readonly tracer: Tracer;
  readonly context: Context;
  readonly span: Span;
  /** The attempts must write formats other than W3C's too. */
  readonly otherFormats: boolean;
  /** What policy says; null: nothing. */
  readonly tracing: CompiledTracing | null;
}

/**
 * Spans of what goes out: an INTERNAL one for the call, which covers its retries, and below it a CLIENT one for each
 * attempt, which is what the other side sees as its parent.
 * @source open-telemetry/semantic-conventions `docs/http/http-spans.md` (one span per resend, `http.request.resend_count`)
 */
export class ClientSpans {
  readonly #api: OtelApi;
  readonly #facts: SpanFacts;

  constructor(api: OtelApi, facts: SpanFacts) {
    this.#api = api;
    this.#facts = facts;
  }

  /**
   * @param exchange context of the exchange being served; undefined outside of any
   * @param tracing what policy says; null: nothing
   * @returns null if nothing is recorded: then the attempts have no spans either
   */
  begin(
    call: Call,
    tracer: Tracer,
    exchange: Context | undefined,
    tracing: CompiledTracing | null,
  ): CallTrace | null {
    const parent = this.#parent(call, exchange);
    const above = trace.getSpan(parent);
    const { random } = this.#facts;
    const kind = SpanKind.INTERNAL;
    const started =
      above !== undefined && isSilent(above)
        ? above
        : beginSpan({ tracer, name: callSpanName(call), kind, parent, tracing, random });
    const apart = tracing?.apart === true;
    const recording = started.isRecording();
    const others = !apart && hasOthers(parent, this.#api);
    // Nobody looks at the context of a span that records nothing, unless a propagator does.
    const context = started === above || !(recording || others) ? parent : trace.setSpan(parent, started);
    if (others) injectOthers(context, call.headers, this.#api);
    if (!apart) writeSpan(started.spanContext(), call.headers);
    if (!recording) return null;
    const server = splitAuthority(call.originalAuthority, call.scheme);
    started.setAttributes({
      ...described(call, call.originalAuthority, call.originalPath),
      'server.address': server.address,
      'server.port': server.port,
    });
    return { tracer, context, span: started, otherFormats: hasOtherFormats(this.#api), tracing };
  }

  end(call: Call, { span, tracing }: CallTrace, outcome: Outcome | null): void {
    span.updateName(callSpanName(call));
    span.setAttribute('heddle.attempts', call.attempts);
    span.setAttribute('heddle.revision', call.revision);
    if (call.service !== '') span.setAttribute('heddle.service', call.service);
    if (call.cluster !== '') span.setAttribute('heddle.cluster', call.cluster);
    if (call.virtualService !== null) span.setAttribute('heddle.virtual_service', call.virtualService);
    if (call.routeName !== '') span.setAttribute('heddle.route', call.routeName);
    if (call.flags.size > 0) span.setAttribute('heddle.response_flags', formatFlags(call.flags));
    const requestId = call.headers['x-request-id'];
    if (typeof requestId === 'string') span.setAttribute('heddle.request_id', requestId);
    if (outcome !== null) setOutcome(span, call, outcome);
    const tags = tracing?.tags;
    if (tags) span.setAttributes(tags.of(() => this.#tagFacts(call, call.current), responseFields(outcome)));
    span.end();
  }

  beginAttempt(attempt: Attempt, callTrace: CallTrace): Span {
    const { call, number, endpoint } = attempt;
    const server = splitAuthority(call.originalAuthority, call.scheme);
    const span = callTrace.tracer.startSpan(
      rpcName(call) ?? methodInName(call.method),
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...described(call, call.authority, call.path),
          'server.address': server.address,
          'server.port': server.port,
          'network.peer.address': endpoint.endpoint.address,
          'network.peer.port': endpoint.endpoint.port,
          'heddle.cluster': call.cluster,
        },
      },
      callTrace.context,
    );
    if (number > 1) span.setAttribute('http.request.resend_count', number - 1);
    if (knownMethod(call.method) === '_OTHER')
      span.setAttribute('http.request.method_original', call.method.slice(0, 64));
    const { workload, spiffeId } = endpoint.endpoint;
    if (workload !== undefined) span.setAttribute('heddle.endpoint.workload', workload);
    if (spiffeId !== undefined) span.setAttribute('heddle.endpoint.spiffe_id', spiffeId);
    if (callTrace.tracing?.apart === true) return span;
    if (callTrace.otherFormats) injectOthers(trace.setSpan(callTrace.context, span), call.headers, this.#api);
    writeSpan(span.spanContext(), call.headers);
    return span;
  }

  endAttempt(span: Span, attempt: Attempt, { tracing }: CallTrace, outcome: Outcome | null): void {
    if (outcome !== null) setOutcome(span, attempt.call, outcome);
    const tags = tracing?.tags;
    if (tags)
      span.setAttributes(tags.of(() => this.#tagFacts(attempt.call, attempt), responseFields(outcome)));
    span.end();
  }

  /** @param attempt the last one; null: there was none */
  #tagFacts(call: Call, attempt: Attempt | null): TagFacts {
    const { method, scheme, authority, path, headers, startedAt } = call;
    const { clock, hostname } = this.#facts;
    return {
      ...{
        method,
        scheme,
        authority,
        path,
        headers,
        protocol: call.onlyHttp2 ? 'HTTP/2' : 'HTTP/1.1',
        hostname,
      },
      startedWall: clock.wallNow() - (clock.now() - startedAt),
      ...(attempt !== null && { upstreamHost: attempt.endpoint.endpoint.key }),
    };
  }

  /** The span the application is in, else the exchange's, else what the caller wrote into the fields itself. */
  #parent(call: Call, exchange: Context | undefined): Context {
    const active = this.#api.context.active();
    if (trace.getSpan(active) !== undefined) return active;
    if (exchange !== undefined) return exchange;
    return call.headers.traceparent === undefined ? active : contextFromFields(call.headers, this.#api);
  }
}

function responseFields(outcome: Outcome | null): HeaderFields {
  return outcome?.kind === 'response' ? outcome.headers : emptyFields();
}

/** Of gRPC: what is called, in place of a method and a URL that are those of every call. */
function described(call: Call, authority: string, path: string): Attributes {
  const rpc = call.grpc ? methodOf(path) : null;
  if (rpc !== null) return { 'rpc.system': 'grpc', 'rpc.service': rpc.service, 'rpc.method': rpc.method };
  return {
    'http.request.method': knownMethod(call.method),
    'url.full': fullUrl(call.scheme, authority, path),
  };
}

function rpcName(call: Call): string | null {
  const rpc = call.grpc ? methodOf(call.path) : null;
  return rpc === null ? null : `${rpc.service}/${rpc.method}`;
}

function callSpanName(call: Call): string {
  const name = rpcName(call);
  if (name !== null) return name;
  const service = call.service !== '' ? call.service : splitAuthority(call.originalAuthority, '').address;
  return `${methodInName(call.method)} ${service}`;
}

function setOutcome(span: Span, call: Call, outcome: Outcome): void {
  if (call.grpc) {
    setStatus(span, statusOfEnded(call, outcome), outcome);
    return;
  }
  if (outcome.kind === 'response') span.setAttribute('http.response.status_code', outcome.status);
  const errorType = errorTypeOf(outcome);
  if (errorType === undefined) return;
  span.setAttribute('error.type', errorType);
  const message = reasonOf(outcome);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}

/** For a client every status but OK is an error. @source open-telemetry/semantic-conventions `docs/rpc/grpc.md` */
function setStatus(span: Span, status: number, outcome: Outcome): void {
  span.setAttribute('rpc.grpc.status_code', status);
  if (status === 0) return;
  span.setAttribute(
    'error.type',
    outcome.kind === 'response' ? String(status) : (errorTypeOf(outcome) ?? String(status)),
  );
  const message = reasonOf(outcome);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
}
