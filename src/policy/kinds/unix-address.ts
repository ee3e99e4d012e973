/**
 * Unix sockets as addresses: `unix:///run/app.sock`, or `unix://@name` for an abstract one.
 * @source Istio `pkg/config/validation/validation.go` ValidateUnixAddress
 */

const PREFIX = 'unix://';

export function isUnixAddress(address: string): boolean {
  return address.startsWith(PREFIX);
}

/** What is wrong with an address that begins with `unix://`, or null. */
export function unixAddressFault(address: string): string | null {
  const path = address.slice(PREFIX.length);
  if (path.startsWith('@')) return null;
  if (path === '') return 'the path is missing';
  return path.startsWith('/') && !path.endsWith('/') ? null : 'expected the absolute path of a socket';
}
