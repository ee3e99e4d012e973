import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { emptyFields, headerValue } from '../../base/headers.js';
import type { Exchange } from '../../model/exchange.js';
import { formatFlags } from '../../model/flags.js';
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
 * @source open-telemetry/semantic-conventions `docs/http/http-spans.md`, HTTP server
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
    const name = methodInName(facts.method);
    const { random } = this.#facts;
    const span = beginSpan({ tracer, name, kind: SpanKind.SERVER, parent, tracing, random });
    // Apart, what is done while serving hangs on the caller's span, as if there were none in between.
    const context = tracing?.apart === true ? parent : withSpan(parent, span);
    const tags = tracing?.tags ?? null;
    if (!span.isRecording()) return { context, span: null, tags };
    const server = splitAuthority(facts.authority, facts.scheme);
    const { path, query } = splitPath(facts.path);
    span.setAttributes({
      'http.request.method': knownMethod(facts.method),
      'url.scheme': facts.scheme,
      'url.path': path,
      'server.address': server.address,
      'server.port': server.port,
      'client.address': facts.remoteIp,
      'network.peer.address': facts.peer.address,
      'network.protocol.version': facts.protocol === 'HTTP/2' ? '2' : facts.protocol.slice(5),
      'heddle.request_id': exchange.requestId,
    });
    if (query !== undefined) span.setAttribute('url.query', query);
    const agent = headerValue(facts.headers, 'user-agent');
    if (agent !== undefined) span.setAttribute('user_agent.original', agent.slice(0, 512));
    if (knownMethod(facts.method) === '_OTHER')
      span.setAttribute('http.request.method_original', facts.method.slice(0, 64));
    if (facts.peer.id !== null) span.setAttribute('heddle.peer.spiffe_id', facts.peer.id.toString());
    return { context, span, tags };
  }

  end(exchange: Exchange, { span, tags }: ExchangeTrace): void {
    if (span === null) return;
    const { status, verdict } = exchange;
    if (status > 0) span.setAttribute('http.response.status_code', status);
    if (exchange.flagged) span.setAttribute('heddle.response_flags', formatFlags(exchange.flags));
    if (verdict?.decision === 'deny') {
      span.setAttribute('heddle.denied_because', verdict.because);
      if (verdict.policy !== null) span.setAttribute('heddle.policy', verdict.policy);
    }
    // A refusal or a wrong request is the caller's error, not ours: 4xx leaves the status unset.
    if (status >= 500) {
      span.setAttribute('error.type', String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    if (tags !== null)
      span.setAttributes(tags.of(() => tagFacts(exchange, this.#facts.hostname), emptyFields()));
    span.end();
  }
}

function tagFacts({ facts, startedWall }: Exchange, hostname: string): TagFacts {
  const { method, scheme, authority, path, headers, protocol, remoteIp } = facts;
  const downstreamAddress = remoteIp.includes(':') ? `[${remoteIp}]` : remoteIp;
  return { method, scheme, authority, path, headers, protocol, startedWall, downstreamAddress, hostname };
}
