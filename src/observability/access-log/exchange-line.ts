/** An exchange as a line of the access log. */
import { headerValue } from '../../base/headers.js';
import { endpointKey } from '../../model/endpoint.js';
import type { Exchange } from '../../model/exchange.js';
import { formatFlags } from '../../model/flags.js';
import { exchangeDetails } from '../outcome-words.js';
import { type AccessLogFields, jsonOf, textOf } from './format.js';
import { redactPath } from './redact.js';

/** What Heddle knows beyond Istio's keys; under the key `heddle`. */
export interface HeddleFields {
  /** SPIFFE ID that the peer proved; null for plain text. */
  readonly peer: string | null;
  /** `ns/name` of the AuthorizationPolicy that decided; null if none did. */
  readonly policy: string | null;
  /** Place of the rule in the policy. */
  readonly rule: number | null;
  /** AUDIT policies that matched. */
  readonly audited: readonly string[];
  /** What the policies in dry run would have decided. */
  readonly dry_run: string | null;
  /** How a call of gRPC ended; null: it was not answered. Absent: it was none. */
  readonly grpc_status?: number | null;
}

/** @param now monotonic milliseconds, of the exchange's end */
export function fieldsOf(exchange: Exchange, now: number): AccessLogFields {
  const { facts } = exchange;
  return {
    start_time: new Date(exchange.startedWall).toISOString(),
    route_name: null,
    method: facts.method,
    path: redactPath(facts.path),
    protocol: facts.protocol,
    response_code: exchange.status,
    response_flags: formatFlags(exchange.flags),
    response_code_details: exchangeDetails(exchange),
    connection_termination_details: null,
    bytes_received: exchange.bytesReceived,
    bytes_sent: exchange.bytesSent,
    duration: Math.round(now - exchange.startedAt),
    upstream_service_time: null,
    x_forwarded_for: headerValue(facts.headers, 'x-forwarded-for') ?? null,
    user_agent: headerValue(facts.headers, 'user-agent') ?? null,
    request_id: exchange.requestId,
    authority: facts.authority === '' ? null : facts.authority,
    upstream_host: null,
    upstream_cluster: `inbound|${facts.localPort}||`,
    upstream_local_address: null,
    downstream_local_address: endpointKey(facts.localAddress, facts.localPort),
    downstream_remote_address: facts.remoteIp,
    requested_server_name: facts.peer.sni,
    upstream_transport_failure_reason: null,
  };
}

export function heddleFieldsOf(exchange: Exchange): HeddleFields {
  const { verdict, dryRun, grpc } = exchange;
  return {
    peer: exchange.facts.peer.id?.toString() ?? null,
    policy: verdict?.policy ?? null,
    rule: verdict?.rule ?? null,
    audited: verdict?.audited ?? [],
    dry_run: dryRun === null ? null : `${dryRun.decision} ${dryRun.because}`,
    ...(grpc && { grpc_status: grpc.status }),
  };
}

export function jsonLine(exchange: Exchange, now: number): string {
  return jsonOf(fieldsOf(exchange, now), heddleFieldsOf(exchange));
}

export function textLine(exchange: Exchange, now: number): string {
  return textOf(fieldsOf(exchange, now));
}
