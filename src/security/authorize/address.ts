/**
 * IP addresses and address ranges, small and pure: `ipBlocks` are asked on the hot path, and `node:net` may not be imported here.
 * An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`, what a dual-stack socket reports) is the IPv4 address.
 * @source RFC 4291 §2.2 (text forms), RFC 4632 (CIDR)
 */

/** An address as bytes: 4 of them, or 16. */
export type Address = readonly number[];

/** @returns null if `text` is no IP address; a zone (`fe80::1%eth0`) is cut off */
export function parseAddress(text: string): Address | null {
  if (text.length > 64) return null;
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  if (!bare.includes(':')) return parseV4(bare);
  const bytes = parseV6(bare);
  return bytes !== null && isMappedV4(bytes) ? bytes.slice(12) : bytes;
}

function parseV4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  const bytes: number[] = [];
  for (const part of parts) {
    // A leading zero is refused: some parsers read it as octal, and two readings of one address are a hole.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part)) return null;
    const byte = Number(part);
    if (byte > 255) return null;
    bytes.push(byte);
  }
  return bytes;
}

function parseV6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  if (head === null) return null;
  if (halves.length === 1) return head.length === 16 ? head : null;
  const tail = parseGroups(halves[1]!, true);
  if (tail === null || head.length + tail.length > 14) return null;
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

/** @param last the groups end the address, where an IPv4 address may stand */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (last && index === groups.length - 1 && group.includes('.')) {
      const embedded = parseV4(group);
      if (embedded === null) return null;
      bytes.push(...embedded);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}

function isMappedV4(bytes: Address): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0);
}

/** A range of addresses: those that share the first `bits` bits. */
export interface AddressRange {
  readonly address: Address;
  readonly bits: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or one address. @returns null if it is neither */
export function parseRange(text: string): AddressRange | null {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const address = parseAddress(text);
    return address === null ? null : { address, bits: address.length * 8 };
  }
  const suffix = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(suffix)) return null;
  const network = text.slice(0, slash);
  if (network.includes('%')) return null;
  const address = parseAddress(network);
  if (address === null) return null;
  const bits = Number(suffix);
  if (address.length === 16 || !network.includes(':'))
    return bits <= address.length * 8 ? { address, bits } : null;
  // `::ffff:10.0.0.0/104` counts its bits from the start of the IPv6 form; with fewer than 96 it is a range of IPv6.
  if (bits >= 96) return bits <= 128 ? { address, bits: bits - 96 } : null;
  return { address: parseV6(network)!, bits };
}

export function inRange(range: AddressRange, address: Address): boolean {
  const network = range.address;
  if (network.length !== address.length) return false;
  const whole = range.bits >> 3;
  for (let at = 0; at < whole; at++) if (network[at] !== address[at]) return false;
  const rest = range.bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (network[whole]! & mask) === (address[whole]! & mask);
}
