/**
 * The fields of Istio's access log, and a line of them in either encoding.
 * @source Istio `pilot/pkg/model/telemetry_logging.go` (the text format and the 24 JSON keys)
 */
import { oneLine } from './redact.js';

/** Istio's 24 keys. null: not known; of an exchange, which is served in the process itself, the `upstream_…` ones; of a call the `downstream_…` ones. */
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
  readonly request_id: string | null;
  readonly authority: string | null;
  readonly upstream_host: string | null;
  readonly upstream_cluster: string | null;
  readonly upstream_local_address: string | null;
  readonly downstream_local_address: string | null;
  readonly downstream_remote_address: string | null;
  readonly requested_server_name: string | null;
  readonly upstream_transport_failure_reason: string | null;
}

/** One JSON object: the 24 keys, and what Heddle knows beyond them under the key `heddle`. */
export function jsonOf(fields: AccessLogFields, heddle: object): string {
  // JSON's escapes keep it on one line; the two separators of Unicode are legal in JSON but not on a line.
  return JSON.stringify({ ...fields, heddle }).replace(/[\u2028\u2029]/g, '');
}

/** Istio's default format. Unlike there, what callers send cannot end a line or a quoted field. */
export function textOf(fields: AccessLogFields): string {
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
