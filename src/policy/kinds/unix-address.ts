/**
 * Unix sockets as addresses: `unix:///run/app.sock`, or `unix://@name` for an abstract one.
 * @source Istio `pkg/config/validation/validation.go` ValidateUnixAddress
 */
import type { FieldPath, Findings } from './kind.js';

const PREFIX = 'unix://';

export function isUnixAddress(address: string): boolean {
  return address.startsWith(PREFIX);
}

/** Of an endpoint whose address is one. */
export function checkUnixAddress(
  { address = '', ports }: { readonly address?: string | undefined; readonly ports?: object | undefined },
  path: FieldPath,
  findings: Findings,
): void {
  const fault = unixAddressFault(address);
  if (fault !== null) findings.error([...path, 'address'], `'${address}' is not a unix socket: ${fault}`);
  if (Object.keys(ports ?? {}).length > 0) findings.error([...path, 'ports'], 'a unix socket has no ports');
}

/** What is wrong with an address that begins with `unix://`, or null. */
export function unixAddressFault(address: string): string | null {
  const path = address.slice(PREFIX.length);
  if (path.startsWith('@')) return null;
  if (path === '') return 'the path is missing';
  return path.startsWith('/') && !path.endsWith('/') ? null : 'expected the absolute path of a socket';
}
