/** Which place a target or an address of gRPC names. Pure. @source gRPC, "Name Resolution" */

export interface GrpcPlace {
  readonly host: string;
  /** null: none is named. */
  readonly port: number | null;
}

/** Schemes whose rest is one host and a port. */
const SCHEME = /^(?:heddle|dns|ipv4|ipv6):(?:\/\/[^/]*\/)?/;
const PLACE = /^(\[[^\]]+\]|[^:/,[\]]+)(?::(\d{1,5}))?$/;
/** An IPv6 address may stand alone. */
const BARE_IPV6 = /^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i;

/**
 * @returns null: not one place of a network, such as a Unix socket, a list of addresses, or a scheme of somebody's own
 * @example grpcPlace('dns:///reviews:9080'); // => { host: 'reviews', port: 9080 }
 */
export function grpcPlace(target: string): GrpcPlace | null {
  const rest = target.replace(SCHEME, '');
  if (BARE_IPV6.test(rest)) return { host: rest, port: null };
  const [, host, port] = PLACE.exec(rest) ?? [];
  if (host === undefined) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? null : Number(port) };
}
