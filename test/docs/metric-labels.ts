/** Labels of each metric, in the words of `docs/reference/metrics.md`; a test compares the names. */
const ISTIO = "Istio's (below)";
const ISTIO_TCP = "Istio's (below), without `response_code` and `grpc_response_status`";
const RPC = '`rpc.system`, `rpc.service`, `rpc.method`, `rpc.grpc.status_code`';

export const METRIC_LABELS: Readonly<Record<string, string>> = {
  istio_requests_total: ISTIO,
  istio_request_duration_milliseconds: ISTIO,
  istio_request_bytes: ISTIO,
  istio_response_bytes: ISTIO,
  istio_request_messages_total: ISTIO,
  istio_response_messages_total: ISTIO,
  'http.client.request.duration':
    '`http.request.method`, `http.response.status_code`, `error.type`, `server.address`, `server.port`',
  'http.server.request.duration':
    '`http.request.method`, `http.response.status_code`, `error.type`, `url.scheme`',
  'rpc.client.duration': RPC,
  'rpc.server.duration': RPC,
  heddle_retries_total: '`cluster`',
  heddle_ejections_total: '`cluster`, `because`',
  heddle_circuit_transitions_total: '`cluster`, `state`',
  heddle_events_total: '`event`',
  istio_tcp_connections_opened_total: ISTIO_TCP,
  istio_tcp_connections_closed_total: ISTIO_TCP,
  istio_tcp_sent_bytes_total: ISTIO_TCP,
  istio_tcp_received_bytes_total: ISTIO_TCP,
  heddle_policy_revision: '`workload`, `namespace`',
  heddle_certificate_end_seconds: '`workload`, `namespace`',
};
