/**
 * The attributes that expressions of policy may ask about: of an exchange, of a call, or of both. Of Envoy's the others are about what a
 * process does not see, or does not have.
 * @source Envoy `docs/root/intro/arch_overview/advanced/attributes.rst`
 */
const NAMES = {
  request:
    'method scheme host path url_path query protocol id useragent referer size headers total_size time duration',
  response: 'code code_details flags size total_size grpc_status headers',
  source: 'address',
  destination: 'address port',
  connection: 'mtls requested_server_name uri_san_peer_certificate',
  upstream: 'address port uri_san_peer_certificate transport_failure_reason request_attempt_count locality',
  xds: 'cluster_name route_name',
} as const;

/** By their full names, e.g. `request.path`. */
export const ATTRIBUTES: ReadonlySet<string> = new Set(
  Object.entries(NAMES).flatMap(([root, members]) => members.split(' ').map((name) => `${root}.${name}`)),
);
