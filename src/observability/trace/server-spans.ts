import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { emptyFields, headerValue } from '../../base/headers.js';
import type { Exchange } from '../../model/exchange.js';
import { formatFlags } from '../../model/flags.js';
import { isFaultOfServer, isGrpc, methodOf } from '../../model/grpc.js';
import type { OtelApi } from '../otel-api.js';
import { knownMethod, methodInName, splitAuthority, splitPath } from '../semconv.js';
import { beginSpan } from './begin.js';
import { contextFromFields } from './context.js';
import type { CompiledTracing } from './decide.js';
import type { SpanFacts, SpanTags, TagFacts } from './tags.js';
import { withSpan } from './unkept.js';

/** An exchange's place in its trace: what the calls made while serving it are children of. */
export interface ExchangeTrace {
  readonly context: Context;
  /** null if nothing is recorded; the context still carries the trace on. */
  readonly span: Span | null;
  /** What policy adds to the span. */
  readonly tags: SpanTags | null;
}

/**
 * A SERVER span for each exchange, the child of the caller's attempt.
 * @source open-telemetry/semantic-conventions `docs/http/http-spans.md`, HTTP server; `docs/rpc/rpc-spans.md` and `docs/rpc/grpc.md`
 */
export class ServerSpans {
  readonly #api: OtelApi;
  readonly #facts: SpanFacts;

  constructor(api: OtelApi, facts: SpanFacts) {
    this.#api = api;
    this.#facts = facts;
  }

  /** @param tracing what policy says; null: nothing */
  begin(exchange: Exchange, tracer: Tracer, tracing: CompiledTracing | null): ExchangeTrace {
    const { facts } = exchange;
    const parent = contextFromFields(facts.headers, this.#api);
    const call = callOf(exchange);
    const name = call === null ? methodInName(facts.method) : `${call.service}/${call.method}`;
    const { random } = this.#facts;
    const span = beginSpan({ tracer, name, kind: SpanKind.SERVER, parent, tracing, random });
    // Apart, what is done while serving hangs on the caller's span, as if there were none in between.
    const context = tracing?.apart === true ? parent : withSpan(parent, span);
    const tags = tracing?.tags ?? null;
    if (!span.isRecording()) return { context, span: null, tags };
    const server = splitAuthority(facts.authority, facts.scheme);
    if (call === null) describeHttp(span, exchange);
    else span.setAttributes({ 'rpc.system': 'grpc', 'rpc.service': call.service, 'rpc.method': call.method });
    span.setAttributes({
      'server.address': server.address,
      'server.port': server.port,
      'client.address': facts.remoteIp,
      'network.peer.address': facts.peer.address,
      'network.protocol.version': facts.protocol === 'HTTP/2' ? '2' : facts.protocol.slice(5),
      'heddle.request_id': exchange.requestId,
    });
    const agent = headerValue(facts.headers, 'user-agent');
    if (agent !== undefined) span.setAttribute('user_agent.original', agent.slice(0, 512));
    if (facts.peer.id !== null) span.setAttribute('heddle.peer.spiffe_id', facts.peer.id.toString());
    return { context, span, tags };
  }

  end(exchange: Exchange, { span, tags }: ExchangeTrace): void {
    if (span === null) return;
    const { verdict } = exchange;
    if (callOf(exchange) === null) endHttp(span, exchange);
    else endCall(span, exchange);
    if (exchange.flagged) span.setAttribute('heddle.response_flags', formatFlags(exchange.flags));
    if (verdict?.decision === 'deny') {
      span.setAttribute('heddle.denied_because', verdict.because);
      if (verdict.policy !== null) span.setAttribute('heddle.policy', verdict.policy);
    }
    if (tags !== null)
      span.setAttributes(tags.of(() => tagFacts(exchange, this.#facts.hostname), emptyFields()));
    span.end();
  }
}

/** What is called, if it is a call of gRPC that names something. */
function callOf({ facts, path }: Exchange): ReturnType<typeof methodOf> {
  return facts.protocol === 'HTTP/2' && isGrpc(facts.headers['content-type']) ? methodOf(path) : null;
}

function describeHttp(span: Span, { facts }: Exchange): void {
  const { path, query } = splitPath(facts.path);
  span.setAttributes({
    'http.request.method': knownMethod(facts.method),
    'url.scheme': facts.scheme,
    'url.path': path,
  });
  if (query !== undefined) span.setAttribute('url.query', query);
  if (knownMethod(facts.method) === '_OTHER')
    span.setAttribute('http.request.method_original', facts.method.slice(0, 64));
}

/** A refusal or a wrong request is the caller's error, not ours: 4xx leaves the status unset. */
function endHttp(span: Span, { status }: Exchange): void {
  if (status > 0) span.setAttribute('http.response.status_code', status);
  if (status >= 500) fail(span, String(status));
}

function endCall(span: Span, { grpc }: Exchange): void {
  const status = grpc?.status ?? null;
  if (status === null) return;
  span.setAttribute('rpc.grpc.status_code', status);
  if (isFaultOfServer(status)) fail(span, String(status));
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function tagFacts({ facts, startedWall }: Exchange, hostname: string): TagFacts {
  const { method, scheme, authority, path, headers, protocol, remoteIp } = facts;
  const downstreamAddress = remoteIp.includes(':') ? `[${remoteIp}]` : remoteIp;
  return { method, scheme, authority, path, headers, protocol, startedWall, downstreamAddress, hostname };
}
