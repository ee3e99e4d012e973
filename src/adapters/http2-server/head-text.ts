/**
 * The head that Node's HTTP/1.1 response has written, as the fields of one on HTTP/2.
 * @source RFC 9113 §8.2.2: fields of a connection do not cross over
 */
import type { OutgoingHttpHeaders } from 'node:http2';

const END = Buffer.from('\r\n\r\n', 'latin1');
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
]);

export interface Head {
  readonly status: number;
  /** Names in lower case; the status is among them. */
  readonly fields: OutgoingHttpHeaders;
  /** What follows the head. */
  readonly rest: Buffer;
}

/** @returns null while the head is not complete */
export function readHead(bytes: Buffer): Head | null {
  const end = bytes.indexOf(END);
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const status = Number(first.slice(9, 12));
  const fields: Record<string, number | string | string[]> = { ':status': status };
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (OF_CONNECTION.has(name)) continue;
    add(fields, name, line.slice(colon + 1).trim());
  }
  return { status, fields, rest: bytes.subarray(end + END.length) };
}

function add(fields: Record<string, number | string | string[]>, name: string, value: string): void {
  const present = fields[name];
  if (present === undefined) fields[name] = value;
  else if (Array.isArray(present)) present.push(value);
  else fields[name] = [String(present), value];
}
