/**
 * The head of a request, from Node's form to an exchange's facts and back.
 */
import type { IncomingMessage } from 'node:http';
import { emptyFields, type HeaderFields } from '../../base/headers.js';
import type { Connection } from '../../inbound/connection.js';
import { isSpoofable, remoteIpOf } from '../../inbound/head.js';
import type { Exchange, ExchangeFacts, Peer } from '../../model/exchange.js';

/** `GET http://host/path`: a server must read it, though only proxies are asked so. @source RFC 9112 §3.2.2 */
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

/** @param target the request target as it arrived */
export function factsOf(
  request: IncomingMessage,
  target: string,
  connection: Connection,
  trustedHops: number,
): ExchangeFacts {
  const { peer } = connection;
  const headers = takeHeaders(request, peer);
  return {
    method: request.method ?? '',
    scheme: connection.secure ? 'https' : 'http',
    authority: request.headers.host ?? '',
    path: target,
    headers,
    protocol: request.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
    peer,
    remoteIp: remoteIpOf(headers, peer, trustedHops),
    localAddress: connection.localAddress,
    localPort: connection.localPort,
  };
}

/**
 * A copy: rules look fields up by names that an operator or a caller chose, and Node's object has a prototype that would answer.
 * Fields that nobody may read are taken off the request, too.
 */
function takeHeaders(request: IncomingMessage, peer: Peer): HeaderFields {
  const copy = emptyFields();
  const given = request.headers;
  for (const name in given) {
    if (name.charCodeAt(0) === LETTER_X && isSpoofable(name, peer)) strip(request, name);
    else copy[name] = given[name]!;
  }
  return copy;
}

const LETTER_X = 0x78;
const SLASH = 0x2f;

function strip(request: IncomingMessage, name: string): void {
  delete request.headers[name];
  // Made from the raw fields when first read: it has to be before they get shorter.
  delete request.headersDistinct[name];
  const raw = request.rawHeaders;
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    if (raw[at]!.toLowerCase() === name) raw.splice(at, 2);
  }
}

/**
 * What makes a head one that two readers may read differently; null for nothing. llhttp has already refused what is not HTTP, and a
 * request with both lengths.
 */
export function faultOf(request: IncomingMessage, target: string): string | null {
  if (request.httpVersionMajor !== 1) return 'unsupported_version';
  const raw = request.rawHeaders;
  let hosts = 0;
  for (let at = 0; at < raw.length; at += 2) {
    if (raw[at]!.length === 4 && raw[at]!.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1) return 'duplicate_host';
  // llhttp reads an unknown coding up to the end of the connection; what stands before us may not.
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'unsupported_transfer_encoding';
  if (target === '*' && request.method !== 'OPTIONS') return 'invalid_target';
  if (target.charCodeAt(0) === SLASH) return null;
  const absolute = ABSOLUTE_FORM.exec(target);
  // The target's would win by the standard, but handlers read the field.
  const host = request.headers.host ?? '';
  return absolute !== null && absolute[1]!.toLowerCase() !== host.toLowerCase() ? 'authority_mismatch' : null;
}

/** Lets the handler see what was checked. */
export function present(request: IncomingMessage, exchange: Exchange): void {
  request.url = exchange.path;
  request.headers['x-request-id'] = exchange.requestId;
  const { changes } = exchange;
  if (changes === null) return;
  for (const name of changes.remove) strip(request, name);
  for (const name in changes.set) {
    const value = changes.set[name]!;
    strip(request, name);
    request.headers[name] = value;
    request.headersDistinct[name] = [value];
    request.rawHeaders.push(name, value);
  }
}
