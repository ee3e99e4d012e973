/**
 * The head of a request as Node wrote it, and what it says of the body that follows. Node checked what the caller gave it, so nothing
 * here has to be lenient: what is not understood is refused, never guessed.
 * @source RFC 9112 §3 (request line), §6.3 (length of the body); RFC 9110 §7.6.1 (fields of the connection)
 */
import { MeshError } from '../../base/errors.js';
import { appendField, emptyFields, type HeaderFields } from '../../base/headers.js';

/** Longest head that is read, in characters. Servers take 16 KiB or so. */
export const MAX_HEAD = 256 * 1024;

/** How the end of the body is known: by its length in bytes, by its last chunk. `none`: there is no body. */
export type BodyFraming = 'none' | 'chunked' | number;

/** Where a request goes. */
export interface Target {
  readonly scheme: 'http' | 'https';
  /** Without the scheme's own port. */
  readonly authority: string;
}

export interface RequestHead extends Target {
  readonly method: string;
  readonly path: string;
  /** Those for the server: what is said of the connection is not among them. */
  readonly headers: HeaderFields;
  readonly framing: BodyFraming;
  /** What the connection is to become. */
  readonly upgrade: string | undefined;
  /** The caller holds the body back until it is told to go on. */
  readonly expectsContinue: boolean;
  /** The caller wants the connection closed after the response. */
  readonly close: boolean;
}

/**
 * @param text without the empty line at its end
 * @param fallback where the request goes if it does not say so itself
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for what the mesh does not carry
 */
export function parseHead(text: string, fallback: Target): RequestHead {
  let at = text.indexOf('\r\n');
  const { method, target } = requestLine(at === -1 ? text : text.slice(0, at));
  const headers = emptyFields();
  /** Fields that belong to the connection. */
  const own = emptyFields();
  while (at !== -1) {
    const start = at + 2;
    at = text.indexOf('\r\n', start);
    const end = at === -1 ? text.length : at;
    const colon = text.indexOf(':', start);
    if (colon <= start || colon > end) throw refused('a header field without a colon');
    const name = text.slice(start, colon).toLowerCase();
    const value = withoutBlanks(text.slice(colon + 1, end));
    appendField(CONNECTION_FIELDS.has(name) ? own : headers, name, value);
  }
  const connection = optionsOf(own.connection);
  // What the connection's options name goes no further than the connection.
  for (const name of connection) delete headers[name];
  const framing = framingOf(own);
  if (typeof framing === 'number') headers['content-length'] = String(framing);
  return {
    method,
    ...placeOf(method, target, own.host, fallback),
    headers,
    framing,
    upgrade: connection.includes('upgrade') ? one(own.upgrade, 'upgrade') : undefined,
    expectsContinue: one(own.expect, 'expect')?.toLowerCase() === '100-continue',
    close: connection.includes('close'),
  };
}

/** What the connection and the mesh speak of between themselves. `content-length` and `host` are told to the server in another way. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @param name in lower case */
export function isOfTheConnection(name: string): boolean {
  return CONNECTION_FIELDS.has(name);
}

/** `trim` would take the last byte of some characters, too: 0xa0 is a blank to it. */
function withoutBlanks(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const NONE: readonly string[] = [];

function optionsOf(connection: string | string[] | undefined): readonly string[] {
  // As Node writes it with nearly every request.
  return connection === undefined || connection === 'keep-alive' ? NONE : listOf(connection);
}

function requestLine(line: string): { readonly method: string; readonly target: string } {
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const target = line.slice(first + 1, last);
  if (first < 1 || target === '' || target.includes(' ')) throw refused('a request line of another form');
  return { method: line.slice(0, first), target };
}

/** An absolute target, as one writes it to a proxy, says more than the Host field (RFC 9112 §3.2.2). */
function placeOf(
  method: string,
  target: string,
  host: string | string[] | undefined,
  fallback: Target,
): Target & { readonly path: string } {
  if (method === 'CONNECT')
    throw refused(`CONNECT ${target}; use mesh.connect('${target}') for a connection that is not HTTP`);
  const { scheme } = fallback;
  if (target.startsWith('/')) {
    const authority = one(host, 'host') || fallback.authority;
    return { scheme, authority: withoutDefaultPort(scheme, authority), path: target };
  }
  const absolute = /^(https?):\/\/([^/?#@\s]+)([/?]\S*)?$/i.exec(target);
  if (absolute === null) throw refused(`the target '${target}', which is neither a path nor a URL`);
  const named = absolute[1]!.toLowerCase() as 'http' | 'https';
  const path = absolute[3] ?? '/';
  return {
    scheme: named,
    authority: withoutDefaultPort(named, absolute[2]!),
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

function withoutDefaultPort(scheme: 'http' | 'https', authority: string): string {
  const port = scheme === 'https' ? ':443' : ':80';
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}

function framingOf(own: HeaderFields): BodyFraming {
  const coding = own['transfer-encoding'];
  if (coding !== undefined) {
    const codings = listOf(coding);
    if (codings.length === 1 && codings[0] === 'chunked') return 'chunked';
    throw refused(`transfer-encoding '${codings.join(', ')}'; only 'chunked' is known`);
  }
  const given = own['content-length'];
  if (given === undefined) return 'none';
  const length = one(given, 'content-length');
  if (length === undefined || !/^\d{1,15}$/.test(length)) throw refused(`content-length '${length}'`);
  return Number(length);
}

/** The field's one value; twice the same is once. */
function one(value: string | string[] | undefined, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (value.some((other) => other !== value[0])) throw refused(`several values of '${name}'`);
  return value[0];
}

function listOf(value: string | string[]): readonly string[] {
  const text = typeof value === 'string' ? value : value.join(',');
  return text
    .toLowerCase()
    .split(',')
    .map((part) => part.trim());
}

/** @param what that the caller wrote */
export function refused(what: string): MeshError {
  return new MeshError(`the mesh's agent can not send ${what}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
