/**
 * A call or an exchange in the words of Envoy's attributes, for expressions of policy. Each is worked out when an expression asks for it.
 * What a process does not know is not there: an expression that asks for it comes to nothing.
 * @source Envoy `docs/root/intro/arch_overview/advanced/attributes.rst`
 */
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { type HeaderFields, headerValue } from '../base/headers.js';
import { endpointKey } from '../model/endpoint.js';
import type { Exchange } from '../model/exchange.js';
import type { ResponseFlag } from '../model/flags.js';
import { grpcStatusOf } from '../model/grpc.js';
import { statusOfEnded } from '../model/grpc-end.js';
import type { EndedCall } from './ended-call.js';
import type { ExpressionFacts } from './expression.js';
import { FieldMap, LazyMap, type Readers } from './lazy-map.js';
import { callDetails, exchangeDetails, statusOf } from './outcome-words.js';
import { splitAuthority } from './semconv.js';
import { bodyBytes, fieldBytes } from './sizes.js';

/** Attributes of an exchange that is over. @param durationMs until its last byte was out, or its peer gone */
export function exchangeFacts(exchange: Exchange, durationMs: number): ExpressionFacts {
  return new LazyMap(OF_EXCHANGE, { exchange, durationMs });
}

/** Attributes of a call that is over. */
export function callFacts(ended: EndedCall): ExpressionFacts {
  return new LazyMap(OF_CALL, ended);
}

interface EndedExchange {
  readonly exchange: Exchange;
  readonly durationMs: number;
}

const OF_EXCHANGE: Readers<EndedExchange> = {
  request: ({ exchange, durationMs }) => {
    const { method, scheme, authority, path, headers, protocol } = exchange.facts;
    const { requestId: id, startedWall, bytesReceived: size } = exchange;
    return new LazyMap(REQUEST, {
      ...{ method, scheme, authority, path, headers, protocol, id, startedWall, durationMs, size },
    });
  },
  response: ({ exchange }) => new LazyMap(EXCHANGE_RESPONSE, exchange),
  source: ({ exchange }) => new LazyMap(SOURCE, exchange),
  destination: ({ exchange }) => new LazyMap(EXCHANGE_DESTINATION, exchange),
  connection: ({ exchange }) => new LazyMap(EXCHANGE_CONNECTION, exchange),
  xds: ({ exchange }) => new LazyMap(EXCHANGE_XDS, exchange),
};

const OF_CALL: Readers<EndedCall> = {
  request: ({ call, durationMs, startedWall }) => {
    const { method, scheme, authority, path, headers } = call;
    const id = headerValue(headers, 'x-request-id');
    const size = bodyBytes(call.body, headers);
    const protocol = call.onlyHttp2 ? 'HTTP/2' : 'HTTP/1.1';
    return new LazyMap(REQUEST, {
      ...{ method, scheme, authority, path, headers, protocol, id, startedWall, durationMs, size },
    });
  },
  response: (ended) => new LazyMap(CALL_RESPONSE, ended),
  destination: (ended) => new LazyMap(CALL_DESTINATION, ended),
  connection: (ended) => new LazyMap(CALL_CONNECTION, ended),
  upstream: (ended) => new LazyMap(UPSTREAM, ended),
  xds: (ended) => new LazyMap(CALL_XDS, ended),
};

interface RequestParts {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: HeaderFields;
  readonly protocol: string;
  readonly id: string | undefined;
  readonly startedWall: number;
  readonly durationMs: number;
  /** Of the body. */
  readonly size: number;
}

const REQUEST: Readers<RequestParts> = {
  method: ({ method }) => method,
  scheme: ({ scheme }) => scheme,
  host: ({ authority }) => authority,
  path: ({ path }) => path,
  url_path: ({ path }) => path.split('?', 1)[0],
  query: ({ path }) => (path.includes('?') ? path.slice(path.indexOf('?') + 1) : ''),
  protocol: ({ protocol }) => protocol,
  id: ({ id }) => id || undefined,
  useragent: ({ headers }) => headerValue(headers, 'user-agent'),
  referer: ({ headers }) => headerValue(headers, 'referer'),
  headers: ({ headers }) => fieldMap(headers),
  size: ({ size }) => BigInt(size),
  total_size: ({ size, headers }) => BigInt(size + fieldBytes(headers)),
  time: ({ startedWall }) => new Date(startedWall),
  duration: ({ durationMs }) => Duration.fromMilliseconds(durationMs),
};

const EXCHANGE_RESPONSE: Readers<Exchange> = {
  code: ({ status }) => codeOf(status),
  code_details: (exchange) => exchangeDetails(exchange) ?? undefined,
  flags: ({ flags }) => flagBits(flags),
  size: ({ bytesSent }) => BigInt(bytesSent),
  grpc_status: ({ grpc }) => (grpc === null || grpc.status === null ? undefined : BigInt(grpc.status)),
};

const SOURCE: Readers<Exchange> = { address: ({ facts }) => facts.remoteIp };

const EXCHANGE_DESTINATION: Readers<Exchange> = {
  address: ({ facts }) => endpointKey(facts.localAddress, facts.localPort),
  port: ({ facts }) => BigInt(facts.localPort),
};

const EXCHANGE_CONNECTION: Readers<Exchange> = {
  mtls: ({ facts }) => facts.peer.id !== null,
  requested_server_name: ({ facts }) => facts.peer.sni ?? undefined,
  uri_san_peer_certificate: ({ facts }) => facts.peer.id?.toString(),
};

const EXCHANGE_XDS: Readers<Exchange> = { cluster_name: ({ facts }) => `inbound|${facts.localPort}||` };

const CALL_RESPONSE: Readers<EndedCall> = {
  code: ({ outcome }) => codeOf(statusOf(outcome)),
  code_details: ({ outcome }) => callDetails(outcome) ?? undefined,
  flags: ({ call }) => flagBits(call.flags),
  size: ({ outcome }) => BigInt(outcome.kind === 'response' ? outcome.body.bytes : 0),
  total_size: ({ outcome }) =>
    BigInt(outcome.kind === 'response' ? outcome.body.bytes + fieldBytes(outcome.headers) : 0),
  grpc_status: ({ call, outcome }) => {
    if (call.grpc) return BigInt(statusOfEnded(call, outcome));
    const said = outcome.kind === 'response' ? grpcStatusOf(outcome.headers['grpc-status']) : null;
    return said === null ? undefined : BigInt(said);
  },
  headers: ({ outcome }) => fieldMap(outcome.kind === 'response' ? outcome.headers : {}),
};

const CALL_DESTINATION: Readers<EndedCall> = {
  port: ({ call }) => BigInt(splitAuthority(call.originalAuthority, call.scheme).port),
};

/** Between a program and its own mesh there is no connection. */
const CALL_CONNECTION: Readers<EndedCall> = { mtls: () => false };

const UPSTREAM: Readers<EndedCall> = {
  address: ({ destination }) => destination?.endpoint.key,
  port: ({ destination }) => (destination === null ? undefined : BigInt(destination.endpoint.port)),
  uri_san_peer_certificate: ({ destination }) =>
    destination?.tls?.mode === 'mesh' ? destination.endpoint.spiffeId : undefined,
  transport_failure_reason: ({ outcome }) =>
    outcome.kind === 'failed' && outcome.flag === 'UF' ? outcome.because : undefined,
  request_attempt_count: ({ call }) => BigInt(call.attempts),
  locality: ({ destination }) => destination?.endpoint.locality,
};

const CALL_XDS: Readers<EndedCall> = {
  cluster_name: ({ call }) => call.cluster || undefined,
  route_name: ({ call }) => call.routeName || undefined,
};

function fieldMap(fields: HeaderFields): ReadonlyMap<string, string> {
  const map = new FieldMap();
  for (const name of Object.keys(fields)) map.set(name, headerValue(fields, name)!);
  return map;
}

function codeOf(status: number): bigint | undefined {
  return status === 0 ? undefined : BigInt(status);
}

/** Places of the flags in Envoy's bit vector. @source Envoy `envoy/stream_info/stream_info.h` CoreResponseFlag */
const BITS: Readonly<Record<ResponseFlag, number>> = {
  ...{ UH: 1, UT: 2, LR: 3, UR: 4, UF: 5, UC: 6, UO: 7, NR: 8, DI: 9, FI: 10, RL: 11, UAEX: 12 },
  ...{ DC: 14, URX: 15, UMSDR: 19, UPE: 23, NC: 24, OM: 25 },
};

function flagBits(flags: ReadonlySet<ResponseFlag>): bigint {
  let bits = 0;
  for (const flag of flags) bits += 2 ** BITS[flag];
  return BigInt(bits);
}
