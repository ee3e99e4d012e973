/**
 * IP addresses and subnets as eight groups of sixteen bits: an IPv4 address is its IPv6 form `::ffff:a.b.c.d`, which is also what a
 * dual-stack socket reports. Small and pure: `node:net` may not be imported here.
 * @source RFC 4291 §2.2 (text forms), §2.5.5.2 (IPv4 in IPv6), RFC 4632 (CIDR)
 */

/** Eight numbers of sixteen bits. */
export type Groups = readonly number[];

export interface Subnet {
  readonly network: Groups;
  /** Of 128. */
  readonly bits: number;
}

const V4_BITS = 96;

/** @returns null if `text` is no address; a zone (`fe80::1%eth0`) is cut off */
export function parseIp(text: string): Groups | null {
  if (text.length > 64) return null;
  const bare = text.replace(/%.*$/s, '');
  if (!bare.includes(':')) {
    const v4 = parseV4(bare);
    return v4 === null ? null : [0, 0, 0, 0, 0, 0xffff, ...v4];
  }
  const halves = bare.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 1 ? [] : parseGroups(halves[1]!, true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  // `::` stands for one group at least.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** A leading zero is refused: some parsers read it as octal, and two readings of one address are a hole. */
function parseV4(text: string): readonly [number, number] | null {
  const found = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (found === null) return null;
  const [a, b, c, d] = found.slice(1).map(Number) as [number, number, number, number];
  return Math.max(a, b, c, d) > 255 ? null : [(a << 8) | b, (c << 8) | d];
}

/** @param last the groups end the address, where an IPv4 address may stand */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = last && index === parts.length - 1 && part.includes('.') ? parseV4(part) : null;
    if (v4 !== null) groups.push(...v4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

/** `10.0.0.0/8`, `fd00::/8`, `::ffff:10.0.0.0/104`, or one address. @returns null if it is none of them */
export function parseSubnet(text: string): Subnet | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  if (slash >= 0 && address.includes('%')) return null;
  const network = parseIp(address);
  if (network === null) return null;
  if (slash < 0) return { network, bits: 128 };
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  const bits = Number(length) + (address.includes(':') ? 0 : V4_BITS);
  return bits <= 128 ? { network, bits } : null;
}

/**
 * Is the address in the subnet? One of IPv4 is in subnets of IPv4 only: those that say more than the 96 bits before it.
 * @source Envoy `cidr_range.cc`: addresses of different families are in no range together
 */
export function contains({ network, bits }: Subnet, address: Groups): boolean {
  if (bits < V4_BITS && isV4(address)) return false;
  const whole = bits >> 4;
  for (let at = 0; at < whole; at += 1) if (network[at] !== address[at]) return false;
  const rest = bits & 15;
  return rest === 0 || (network[whole]! ^ address[whole]!) >> (16 - rest) === 0;
}

function isV4(address: Groups): boolean {
  if (address[5] !== 0xffff) return false;
  for (let at = 0; at < 5; at += 1) if (address[at] !== 0) return false;
  return true;
}

/** The same subnet has the same text, whatever stands behind its length. */
export function subnetKey({ network, bits }: Subnet): string {
  const masked = network.map((group, at) => {
    const kept = Math.min(16, Math.max(0, bits - at * 16));
    return group & (0xffff << (16 - kept)) & 0xffff;
  });
  return `${masked.join(':')}/${bits}`;
}
