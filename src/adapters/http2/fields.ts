/**
 * Header fields in the words of HTTP/2.
 * @source RFC 9113 §8.2, §8.3
 */
import { errors } from 'undici';
import { appendField, emptyFields, type HeaderFields, headerValue } from '../../base/headers.js';
import type { Call } from '../../model/call.js';
import { StreamBody } from '../../model/request-body.js';

/** About the connection of HTTP/1.1, which HTTP/2 has its own frames for. `host` travels as `:authority`. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** One wrong name would cost all calls on the connection: Node ends the session for it. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_A_PATH = /[^\x21-\xff]/;
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** As much as nghttp2 sends. What it cannot send costs the connection, too. */
const MOST_BYTES = 60 * 1024;
/** Each field counts so many bytes more than it has. @source RFC 9113 §6.5.2 */
const FIELD_BYTES = 32;

/**
 * What goes to the wire.
 * @throws undici's InvalidArgumentError for what no peer could read, RequestContentLengthMismatchError if the body is not as long as
 *   its field says
 */
export function requestFields(call: Call, headers: HeaderFields, scheme: 'http' | 'https'): HeaderFields {
  if (!METHOD.test(call.method)) throw invalid(`'${call.method}' is not a method`);
  if (NOT_A_PATH.test(call.path)) throw invalid('the path holds characters that a path cannot');
  const authority = headerValue(headers, 'host') ?? call.authority;
  if (NOT_A_PATH.test(authority)) throw invalid('the host holds characters that a host cannot');
  const fields = emptyFields();
  fields[':method'] = call.method;
  fields[':scheme'] = scheme;
  fields[':authority'] = authority;
  fields[':path'] = call.path;
  const named = headers.connection === undefined ? null : tokens(headerValue(headers, 'connection')!);
  let bytes = call.path.length;
  for (const name in headers) {
    if (OF_THE_CONNECTION.has(name) || named?.has(name) === true) continue;
    const value = headers[name]!;
    if (!NAME.test(name)) throw invalid(`'${name}' is not the name of a field`);
    if (!isValue(value)) throw invalid(`the field '${name}' holds characters that a field cannot`);
    bytes += name.length + sizeOf(value);
    if (name !== 'te' || value === 'trailers') fields[name] = value;
    else if (tokens(String(value)).has('trailers')) fields.te = 'trailers';
  }
  if (bytes > MOST_BYTES) throw invalid(`its fields are ${bytes} bytes, and ${MOST_BYTES} are the most`);
  return withLength(fields, call);
}

/** What of a request's trailers can be sent: one wrong name would cost all calls on the connection. */
export function trailerFields(trailers: HeaderFields): HeaderFields {
  const fields = emptyFields();
  let bytes = 0;
  for (const name in trailers) {
    const value = trailers[name]!;
    if (OF_THE_CONNECTION.has(name) || !NAME.test(name) || !isValue(value)) continue;
    bytes += name.length + sizeOf(value);
    if (bytes <= MOST_BYTES) fields[name] = value;
  }
  return fields;
}

function sizeOf(value: string | readonly string[]): number {
  if (typeof value === 'string') return value.length + FIELD_BYTES;
  return value.reduce((sum, one) => sum + one.length + FIELD_BYTES, 0);
}

/** The length of a body that is here already is said, so that the peer can tell a whole one. */
function withLength(fields: HeaderFields, { body, onlyHttp2 }: Call): HeaderFields {
  // Frames say it, too, and what is carried by them alone does not know this field.
  if (body instanceof StreamBody || onlyHttp2) return fields;
  const length = String(body === null ? 0 : Buffer.byteLength(body));
  const declared = fields['content-length'];
  if (declared !== undefined && declared !== length) throw new errors.RequestContentLengthMismatchError();
  if (body !== null) fields['content-length'] = length;
  return fields;
}

/** What a peer may send in one head, or as trailers. The first is told to it; Node leaves it at that. */
export const MOST_RECEIVED = { bytes: 64 * 1024, fields: 1_000 } as const;

/**
 * @param raw name, value, name, value, as they came
 * @throws Error if they are more than {@link MOST_RECEIVED}
 */
export function receivedFields(raw: readonly string[]): HeaderFields {
  const fields = emptyFields();
  let bytes = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!;
    const value = raw[index + 1]!;
    bytes += name.length + value.length + FIELD_BYTES;
    if (name.charCodeAt(0) !== COLON) appendField(fields, name, value);
  }
  if (bytes > MOST_RECEIVED.bytes || raw.length > 2 * MOST_RECEIVED.fields)
    throw new Error(
      `the peer's fields are ${raw.length / 2} of ${bytes} bytes; ${MOST_RECEIVED.fields} of ${MOST_RECEIVED.bytes} bytes are the most`,
    );
  return fields;
}

const COLON = 58;

function isValue(value: string | readonly string[]): boolean {
  if (typeof value === 'string') return !NOT_A_VALUE.test(value);
  return value.every((one) => !NOT_A_VALUE.test(one));
}

function tokens(value: string): Set<string> {
  return new Set(value.split(',').map((token) => token.trim().toLowerCase()));
}

function invalid(message: string): Error {
  return new errors.InvalidArgumentError(message);
}
