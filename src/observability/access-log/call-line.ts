/** A call as a line of the access log, as a sidecar would write it beside the caller. */

import { headerValue } from '../../base/headers.js';
import { formatFlags } from '../../model/flags.js';
import { statusOfEnded } from '../../model/grpc-end.js';
import type { EndedCall } from '../ended-call.js';
import { callDetails, statusOf } from '../outcome-words.js';
import { bodyBytes } from '../sizes.js';
import { type AccessLogFields, jsonOf, textOf } from './format.js';
import { redactPath } from './redact.js';

/** What Heddle knows beyond Istio's keys; under the key `heddle`. */
export interface HeddleCallFields {
  /** FQDN of the service; null until it is known. */
  readonly service: string | null;
  /** SPIFFE ID of the endpoint of the last attempt; null for plain text. */
  readonly peer: string | null;
  /** `ns/name` of the VirtualService. */
  readonly virtual_service: string | null;
  readonly attempts: number;
  /** How a call of gRPC ended. Absent: it was none. */
  readonly grpc_status?: number;
}

export function callFieldsOf(ended: EndedCall): AccessLogFields {
  const { call, outcome, destination } = ended;
  const response = outcome.kind === 'response' ? outcome : null;
  const broken = outcome.kind === 'failed' && outcome.flag === 'UF';
  return {
    start_time: new Date(ended.startedWall).toISOString(),
    route_name: call.routeName || null,
    method: call.method,
    path: redactPath(call.path),
    protocol: call.onlyHttp2 ? 'HTTP/2' : 'HTTP/1.1',
    response_code: statusOf(outcome),
    response_flags: formatFlags(call.flags),
    response_code_details: callDetails(outcome),
    connection_termination_details: null,
    bytes_received: bodyBytes(call.body, call.headers),
    bytes_sent: response?.body.bytes ?? 0,
    duration: Math.round(ended.durationMs),
    upstream_service_time:
      response === null ? null : (headerValue(response.headers, 'x-envoy-upstream-service-time') ?? null),
    x_forwarded_for: headerValue(call.headers, 'x-forwarded-for') ?? null,
    user_agent: headerValue(call.headers, 'user-agent') ?? null,
    request_id: headerValue(call.headers, 'x-request-id') ?? null,
    authority: call.authority === '' ? null : call.authority,
    upstream_host: destination?.endpoint.key ?? null,
    upstream_cluster: call.cluster || null,
    upstream_local_address: null,
    downstream_local_address: null,
    downstream_remote_address: null,
    requested_server_name: null,
    upstream_transport_failure_reason: broken ? outcome.because : null,
  };
}

export function heddleCallFieldsOf({ call, destination, outcome }: EndedCall): HeddleCallFields {
  return {
    service: call.service || null,
    peer: destination?.tls?.mode === 'mesh' ? (destination.endpoint.spiffeId ?? null) : null,
    virtual_service: call.virtualService,
    attempts: call.attempts,
    ...(call.grpc && { grpc_status: statusOfEnded(call, outcome) }),
  };
}

export function callJsonLine(ended: EndedCall): string {
  return jsonOf(callFieldsOf(ended), heddleCallFieldsOf(ended));
}

export function callTextLine(ended: EndedCall): string {
  return textOf(callFieldsOf(ended));
}
