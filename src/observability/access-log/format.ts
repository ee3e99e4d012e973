/**
 * An exchange as the fields of Istio's access log, and as a line of either encoding.
 * @source Istio `pilot/pkg/model/telemetry_logging.go` (the text format and the 24 JSON keys)
 */
import { headerValue } from '../../base/headers.js';
import { endpointKey } from '../../model/endpoint.js';
import type { Exchange } from '../../model/exchange.js';
import { formatFlags } from '../../model/flags.js';
import { oneLine, redactPath } from './redact.js';

/** Istio's 24 keys. null: not known, or not of an exchange that is served in the process itself (the `upstream_…` ones). */
export interface AccessLogFields {
  readonly start_time: string;
  readonly route_name: string | null;
  readonly method: string;
  /** As it arrived, credentials taken out. */
  readonly path: string;
  readonly protocol: string;
  /** 0 if no response was begun. */
  readonly response_code: number;
  readonly response_flags: string;
  /** `via_upstream` if the handler answered, else why the mesh did. */
  readonly response_code_details: string | null;
  readonly connection_termination_details: string | null;
  /** Of the body. */
  readonly bytes_received: number;
  readonly bytes_sent: number;
  /** Milliseconds until the last byte was out. */
  readonly duration: number;
  readonly upstream_service_time: string | null;
  readonly x_forwarded_for: string | null;
  readonly user_agent: string | null;
  readonly request_id: string;
  readonly authority: string | null;
  readonly upstream_host: string | null;
  readonly upstream_cluster: string | null;
  readonly upstream_local_address: string | null;
  readonly downstream_local_address: string;
  readonly downstream_remote_address: string;
  readonly requested_server_name: string | null;
  readonly upstream_transport_failure_reason: string | null;
}

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
    response_code_details: detailsOf(exchange),
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

function detailsOf(exchange: Exchange): string | null {
  if (exchange.refusal !== null) return exchange.refusal.because;
  if (exchange.flags.has('DC')) return 'downstream_remote_disconnect';
  return exchange.status === 0 ? null : 'via_upstream';
}

export function heddleFieldsOf(exchange: Exchange): HeddleFields {
  const { verdict, dryRun } = exchange;
  return {
    peer: exchange.facts.peer.id?.toString() ?? null,
    policy: verdict?.policy ?? null,
    rule: verdict?.rule ?? null,
    audited: verdict?.audited ?? [],
    dry_run: dryRun === null ? null : `${dryRun.decision} ${dryRun.because}`,
  };
}

/** One JSON object: the 24 keys, and `heddle`. */
export function jsonLine(exchange: Exchange, now: number): string {
  // JSON's escapes keep it on one line; the two separators of Unicode are legal in JSON but not on a line.
  return JSON.stringify({ ...fieldsOf(exchange, now), heddle: heddleFieldsOf(exchange) }).replace(
    /[\u2028\u2029]/g,
    '',
  );
}

/** Istio's default format. Unlike there, what callers send cannot end a line or a quoted field. */
export function textLine(exchange: Exchange, now: number): string {
  const fields = fieldsOf(exchange, now);
  const plain = (value: string | number | null) =>
    value === null || value === '' ? '-' : oneLine(String(value)).replaceAll('"', "'");
  const quoted = (value: string | null) => `"${plain(value)}"`;
  return [
    `[${fields.start_time}]`,
    `"${plain(fields.method)} ${plain(fields.path)} ${fields.protocol}"`,
    fields.response_code,
    fields.response_flags,
    plain(fields.response_code_details),
    plain(fields.connection_termination_details),
    quoted(fields.upstream_transport_failure_reason),
    fields.bytes_received,
    fields.bytes_sent,
    fields.duration,
    plain(fields.upstream_service_time),
    quoted(fields.x_forwarded_for),
    quoted(fields.user_agent),
    quoted(fields.request_id),
    quoted(fields.authority),
    quoted(fields.upstream_host),
    plain(fields.upstream_cluster),
    plain(fields.upstream_local_address),
    plain(fields.downstream_local_address),
    plain(fields.downstream_remote_address),
    plain(fields.requested_server_name),
    plain(fields.route_name),
  ].join(' ');
}
