/** The head of a request on HTTP/2, from Node's form to an exchange's facts and back. */
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import { isSpoofable, remoteIpOf } from '../../inbound/head.js';
import type { Exchange, ExchangeFacts } from '../../model/exchange.js';
import type { Arrived } from './arrived.js';

export function factsOf(arrived: Arrived, trustedHops: number): ExchangeFacts {
  const { connection, headers } = arrived;
  const { peer } = connection;
  const fields = takeHeaders(arrived);
  return {
    method: headers[':method'] ?? '',
    scheme: connection.secure ? 'https' : 'http',
    authority: headers[':authority'] ?? headers.host ?? '',
    path: headers[':path'] ?? '',
    headers: fields,
    protocol: 'HTTP/2',
    peer,
    remoteIp: remoteIpOf(fields, peer, trustedHops),
    localAddress: connection.localAddress,
    localPort: connection.localPort,
  };
}

/** A copy without the pseudo-fields; `host` says what `:authority` does. Fields that nobody may read are taken off both. */
function takeHeaders(arrived: Arrived): HeaderFields {
  const { headers, connection } = arrived;
  const copy = emptyFields();
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':')) continue;
    if (isSpoofable(name, connection.peer)) strip(arrived, name);
    else copy[name] = value;
  }
  if (headers[':authority'] !== undefined) copy.host = headers[':authority'];
  return copy;
}

function strip({ headers, raw }: Arrived, name: string): void {
  delete headers[name];
  for (let at = raw.length - 2; at >= 0; at -= 2) if (raw[at]!.toLowerCase() === name) raw.splice(at, 2);
}

/**
 * What makes a head one that two readers may read differently; null for nothing. nghttp2 has already refused what is not HTTP/2:
 * pseudo-fields that are missing, doubled or out of place, fields of a connection, names in capitals.
 * @source RFC 9113 §8.3.1
 */
export function faultOf({ headers, raw }: Arrived): string | null {
  const method = headers[':method'];
  if (method === 'CONNECT') return 'unsupported_method';
  let hosts = 0;
  for (let at = 0; at < raw.length; at += 2) if (raw[at]!.toLowerCase() === 'host') hosts += 1;
  if (hosts > 1) return 'duplicate_host';
  const authority = headers[':authority'];
  // Handlers may read either.
  if (hosts === 1 && authority !== undefined && headers.host?.toLowerCase() !== authority.toLowerCase())
    return 'authority_mismatch';
  const target = headers[':path'] ?? '';
  return target.startsWith('/') || (target === '*' && method === 'OPTIONS') ? null : 'invalid_target';
}

/** Lets the handler see what was checked. */
export function present(arrived: Arrived, exchange: Exchange): void {
  const { headers, raw } = arrived;
  set(arrived, ':path', exchange.path);
  set(arrived, 'x-request-id', exchange.requestId);
  const { changes } = exchange;
  if (changes === null) return;
  for (const name of changes.remove) strip(arrived, name);
  for (const name in changes.set) {
    strip(arrived, name);
    headers[name] = changes.set[name]!;
    raw.push(name, changes.set[name]!);
  }
}

function set({ headers, raw }: Arrived, name: string, value: string): void {
  headers[name] = value;
  const at = raw.findIndex((one, index) => index % 2 === 0 && one === name);
  if (at >= 0) raw[at + 1] = value;
  else raw.push(name, value);
}
