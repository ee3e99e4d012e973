/**
 * A response's head as text, for Node's parser of it. The fields come from a network or from policy: whatever they hold, they stay fields.
 * @source RFC 9112 §6.3; RFC 9110 §5.5: CR, LF and NUL in a value are replaced by spaces
 */
import { STATUS_CODES } from 'node:http';
import type { HeaderFields } from '../../base/headers.js';
import type { Responded } from '../../model/outcome.js';

/** How the client knows the body's end. `none`: there is no body. */
export type ResponseFraming = 'none' | 'chunked' | number;

export interface ResponseHead {
  /** With the empty line at its end. Each character is one byte. */
  readonly text: string;
  readonly framing: ResponseFraming;
}

/** What is said of the connection to the server, which is not the client's. */
const CONNECTION_FIELDS = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

export interface ResponseContext {
  /** Of the request. */
  readonly method: string;
  /** The connection is closed after the response. */
  readonly close: boolean;
}

export function renderHead(responded: Responded, { method, close }: ResponseContext): ResponseHead {
  const { status, headers } = responded;
  const framing = framingOf(status, headers, method);
  let text = statusLine(responded) + fieldLines(headers);
  if (framing === 'chunked') text += 'transfer-encoding: chunked\r\n';
  else if (framing !== 'none') text += `content-length: ${framing}\r\n`;
  else if (status !== 204) text += lengthWithoutBody(headers);
  if (close) text += 'connection: close\r\n';
  return { text: `${text}\r\n`, framing };
}

/** Status 101: from here on the connection speaks what was asked for. @param asked by the request */
export function renderUpgrade(responded: Responded, asked: string): string {
  const { headers } = responded;
  const protocol = headers.upgrade ?? asked;
  const fields = fieldLines({ connection: 'upgrade', upgrade: protocol }, NONE);
  return `${statusLine(responded)}${fields}${fieldLines(headers)}\r\n`;
}

/** A head before the response's, with the empty line at its end. */
export function renderInformation(status: number, headers: HeaderFields): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fieldLines(headers)}\r\n`;
}

/** Fields after the last chunk, without the empty line. */
export function renderTrailers(trailers: HeaderFields | null): string {
  return trailers === null ? '' : fieldLines(trailers);
}

/** Can a response with this status be passed on? Others than these are no end of a request. */
export function isFinal(status: number): boolean {
  return Number.isInteger(status) && status >= 200 && status <= 999;
}

const NONE: ReadonlySet<string> = new Set();

function statusLine({ status, statusText }: Responded): string {
  return `HTTP/1.1 ${status} ${asValue(statusText || (STATUS_CODES[status] ?? ''))}\r\n`;
}

function fieldLines(headers: HeaderFields, leaveOut: ReadonlySet<string> = CONNECTION_FIELDS): string {
  let text = '';
  for (const name in headers) {
    if (leaveOut.has(name) || !TOKEN.test(name)) continue;
    const value = headers[name]!;
    if (typeof value === 'string') text += `${name}: ${asValue(value)}\r\n`;
    else for (const one of value) text += `${name}: ${asValue(one)}\r\n`;
  }
  return text;
}

const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Anything but bytes that a value may have. */
const SPECIAL = /[^\t\x20-\x7e\x80-\xff]/;

function asValue(value: string): string {
  if (!SPECIAL.test(value)) return value;
  // Characters of more than one byte come from policy alone. Cut to a byte each, some of them would be line ends.
  const bytes = /[^\0-\xff]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
  return bytes.replace(/[\0-\x08\x0a-\x1f\x7f]/g, ' ');
}

/** Trailers need chunks. A length that is none is not passed on. */
function framingOf(status: number, headers: HeaderFields, method: string): ResponseFraming {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none';
  const length = headers.trailer === undefined ? lengthOf(headers) : undefined;
  return length ?? 'chunked';
}

function lengthOf(headers: HeaderFields): number | undefined {
  const length = headers['content-length'];
  return typeof length === 'string' && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

/** How long the body would be: of use to those who ask for the head alone. */
function lengthWithoutBody(headers: HeaderFields): string {
  const length = lengthOf(headers);
  return length === undefined ? '' : `content-length: ${length}\r\n`;
}
