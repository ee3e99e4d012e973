/**
 * The header that says who made a connection, for servers behind a balancer that want to know. Calls of many exchanges share a
 * connection, so it names this process.
 * @source HAProxy, "The PROXY protocol", versions 1 and 2
 */
import { isIPv4, isIPv6, type Socket } from 'node:net';

export function proxyHeader(version: 'V1' | 'V2', socket: Socket): Buffer {
  const from = addressOf(socket.localAddress);
  const to = addressOf(socket.remoteAddress);
  const known = from !== null && to !== null && from.length === to.length;
  const ports = [socket.localPort ?? 0, socket.remotePort ?? 0] as const;
  if (version === 'V2') return known ? second(from, to, ports) : SECOND_LOCAL;
  if (!known) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const family = from.length === 4 ? 'TCP4' : 'TCP6';
  const { localAddress, remoteAddress } = socket;
  return Buffer.from(`PROXY ${family} ${localAddress} ${remoteAddress} ${ports.join(' ')}\r\n`, 'latin1');
}

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
/** "LOCAL": nothing is said, as of a connection over a Unix socket. */
const SECOND_LOCAL = Buffer.from([...SIGNATURE, 0x20, 0x00, 0x00, 0x00]);

function second(from: Buffer, to: Buffer, ports: readonly [number, number]): Buffer {
  const header = Buffer.from([...SIGNATURE, 0x21, from.length === 4 ? 0x11 : 0x21, 0, 0]);
  const numbers = Buffer.alloc(4);
  numbers.writeUInt16BE(ports[0], 0);
  numbers.writeUInt16BE(ports[1], 2);
  header.writeUInt16BE(2 * from.length + 4, 14);
  return Buffer.concat([header, from, to, numbers]);
}

/** In network order; null: there is none. */
function addressOf(text: string | undefined): Buffer | null {
  if (text === undefined) return null;
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  return isIPv6(text) ? sixteenBytes(text) : null;
}

function sixteenBytes(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  // An address with a zone or an embedded IPv4 part, in the URL parser's one normal form.
  const plain = new URL(`http://[${text.split('%')[0]}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = plain.split('::');
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail)];
  for (const [index, group] of first.entries()) bytes.writeUInt16BE(group, 2 * index);
  for (const [index, group] of last.entries()) bytes.writeUInt16BE(group, 2 * (8 - last.length + index));
  return bytes;
}
