/** Where the Workload API is: `SPIFFE_ENDPOINT_SOCKET`. @source SPIFFE Workload Endpoint §4 */
import { isIP } from 'node:net';
import { MeshError } from 'heddle/ports';

/**
 * What gRPC takes for an endpoint socket: `unix:///path`, or `tcp://ip:port` with an IP address, because names can be made to lead elsewhere.
 * @throws MeshError `HEDDLE_INVALID_SETTING` for anything else
 */
export function targetOf(endpoint: string): string {
  let url: URL;
  try {
    url = new URL(endpoint);
  } catch (cause) {
    throw invalid(endpoint, cause);
  }
  const { protocol, hostname, port, pathname, search, hash, username, password } = url;
  if (search !== '' || hash !== '' || username !== '' || password !== '') throw invalid(endpoint);
  if (protocol === 'unix:' && hostname === '' && pathname.startsWith('/') && pathname !== '/')
    return `unix:${decodeURIComponent(pathname)}`;
  const address = hostname.replace(/^\[|\]$/g, '');
  const plain = pathname === '' || pathname === '/';
  if (protocol === 'tcp:' && isIP(address) !== 0 && port !== '' && plain) return `${hostname}:${port}`;
  throw invalid(endpoint);
}

function invalid(endpoint: string, cause?: unknown): MeshError {
  return new MeshError(
    `SPIFFE_ENDPOINT_SOCKET: "${endpoint}" is not valid, expected unix:///path/to/socket or tcp://ip:port`,
    { code: 'HEDDLE_INVALID_SETTING', cause },
  );
}
