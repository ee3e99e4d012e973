/**
 * Protocols of ports, as Istio names them; upper and lower case are the same.
 * @source Istio `pkg/config/protocol/instance.go`
 */

const HTTP = ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB'];
const TLS = ['HTTPS', 'TLS'];

export const PORT_PROTOCOLS: readonly string[] = [...HTTP, ...TLS, 'TCP', 'UDP', 'MONGO', 'MYSQL', 'REDIS'];

export function isPortProtocol(text: string): boolean {
  return PORT_PROTOCOLS.includes(text.toUpperCase());
}

/** Is it HTTP without TLS? */
export function isHttpProtocol(text: string): boolean {
  return HTTP.includes(text.toUpperCase());
}

export function isTlsProtocol(text: string): boolean {
  return TLS.includes(text.toUpperCase());
}
