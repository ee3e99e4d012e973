/** Labels of each metric, in the words of `docs/reference/metrics.md`; a test compares the names. */
const ISTIO = "Istio's (below)";

export const METRIC_LABELS: Readonly<Record<string, string>> = {
  istio_requests_total: ISTIO,
  istio_request_duration_milliseconds: ISTIO,
  istio_request_bytes: ISTIO,
  istio_response_bytes: ISTIO,
  'http.client.request.duration':
    '`http.request.method`, `http.response.status_code`, `error.type`, `server.address`, `server.port`',
  'http.server.request.duration':
    '`http.request.method`, `http.response.status_code`, `error.type`, `url.scheme`',
  heddle_retries_total: '`cluster`',
  heddle_ejections_total: '`cluster`, `because`',
  heddle_circuit_transitions_total: '`cluster`, `state`',
  heddle_events_total: '`event`',
  heddle_policy_revision: '`workload`, `namespace`',
  heddle_certificate_end_seconds: '`workload`, `namespace`',
};
