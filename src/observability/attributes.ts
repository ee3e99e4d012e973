/**
 * A call or an exchange in the words of Envoy's attributes, for expressions of policy. Each is made when an expression asks for it.
 * What a process does not know is not there: an expression that asks for it comes to nothing.
 * @source Envoy `docs/root/intro/arch_overview/advanced/attributes.rst`
 */
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { type HeaderFields, headerValue } from '../base/headers.js';
import { endpointKey } from '../model/endpoint.js';
import type { Exchange } from '../model/exchange.js';
import type { ResponseFlag } from '../model/flags.js';
import type { EndedCall } from './ended-call.js';
import type { ExpressionFacts } from './expression.js';
import { callDetails, exchangeDetails, statusOf } from './outcome-words.js';
import { splitAuthority } from './semconv.js';
import { bodyBytes, fieldBytes } from './sizes.js';

/** Attributes of an exchange that is over. @param durationMs until its last byte was out, or its peer gone */
export function exchangeFacts(exchange: Exchange, durationMs: number): ExpressionFacts {
  const { facts } = exchange;
  const { id, sni } = facts.peer;
  return {
    get request() {
      return requestFacts({
        ...{ method: facts.method, scheme: facts.scheme, authority: facts.authority, path: facts.path },
        ...{ headers: facts.headers, protocol: facts.protocol, id: exchange.requestId },
        ...{ startedWall: exchange.startedWall, durationMs, bodyBytes: exchange.bytesReceived },
      });
    },
    get response() {
      return {
        code: exchange.status === 0 ? undefined : BigInt(exchange.status),
        code_details: exchangeDetails(exchange) ?? undefined,
        flags: flagBits(exchange.flags),
        size: BigInt(exchange.bytesSent),
      };
    },
    source: { address: facts.remoteIp },
    get destination() {
      const { localAddress, localPort } = facts;
      return { address: endpointKey(localAddress, localPort), port: BigInt(localPort) };
    },
    get connection() {
      return {
        mtls: id !== null,
        requested_server_name: sni ?? undefined,
        uri_san_peer_certificate: id?.toString(),
      };
    },
    get xds() {
      return { cluster_name: `inbound|${facts.localPort}||` };
    },
  };
}

/** Attributes of a call that is over. */
export function callFacts(ended: EndedCall): ExpressionFacts {
  const { call, outcome, destination, durationMs, startedWall } = ended;
  return {
    get request() {
      return requestFacts({
        ...{ method: call.method, scheme: call.scheme, authority: call.authority, path: call.path },
        ...{ headers: call.headers, protocol: 'HTTP/1.1', id: headerValue(call.headers, 'x-request-id') },
        ...{ startedWall, durationMs, bodyBytes: bodyBytes(call.body, call.headers) },
      });
    },
    get response() {
      const response = outcome.kind === 'response' ? outcome : null;
      const status = statusOf(outcome);
      const size = response?.body.bytes ?? 0;
      return {
        code: status === 0 ? undefined : BigInt(status),
        code_details: callDetails(outcome) ?? undefined,
        flags: flagBits(call.flags),
        size: BigInt(size),
        total_size: BigInt(size + (response === null ? 0 : fieldBytes(response.headers))),
        grpc_status: response === null ? undefined : wholeNumber(response.headers['grpc-status']),
        get headers() {
          return headerMap(response?.headers ?? {});
        },
      };
    },
    get destination() {
      return { port: BigInt(splitAuthority(call.originalAuthority, call.scheme).port) };
    },
    // Between a program and its own mesh there is no connection.
    connection: { mtls: false },
    get upstream() {
      return {
        address: destination?.endpoint.key,
        port: destination === null ? undefined : BigInt(destination.endpoint.port),
        uri_san_peer_certificate:
          destination?.tls?.mode === 'mesh' ? destination.endpoint.spiffeId : undefined,
        transport_failure_reason:
          outcome.kind === 'failed' && outcome.flag === 'UF' ? outcome.because : undefined,
        request_attempt_count: BigInt(call.attempts),
        locality: destination?.endpoint.locality,
      };
    },
    get xds() {
      return { cluster_name: call.cluster || undefined, route_name: call.routeName || undefined };
    },
  };
}

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
  readonly bodyBytes: number;
}

function requestFacts(parts: RequestParts) {
  const { headers, path } = parts;
  const mark = path.indexOf('?');
  return {
    method: parts.method,
    scheme: parts.scheme,
    host: parts.authority,
    path,
    url_path: mark < 0 ? path : path.slice(0, mark),
    query: mark < 0 ? '' : path.slice(mark + 1),
    protocol: parts.protocol,
    id: parts.id || undefined,
    useragent: headerValue(headers, 'user-agent'),
    referer: headerValue(headers, 'referer'),
    size: BigInt(parts.bodyBytes),
    get headers() {
      return headerMap(headers);
    },
    get total_size() {
      return BigInt(parts.bodyBytes + fieldBytes(headers));
    },
    get time() {
      return new Date(parts.startedWall);
    },
    get duration() {
      return Duration.fromMilliseconds(parts.durationMs);
    },
  };
}

/** By names in any case (Envoy). A Map, whatever a caller calls its fields: one called `constructor` is only a field. */
function headerMap(fields: HeaderFields): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const name of Object.keys(fields)) map.set(name, headerValue(fields, name)!);
  const get = map.get.bind(map);
  map.get = (name) => get(typeof name === 'string' ? name.toLowerCase() : name);
  return map;
}

function wholeNumber(value: string | string[] | undefined): bigint | undefined {
  return typeof value === 'string' && /^\d{1,3}$/.test(value) ? BigInt(value) : undefined;
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
