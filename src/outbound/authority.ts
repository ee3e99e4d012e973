/** The host and port of an authority; the port by scheme if there is none. */
export interface HostPort {
  /** In lower case; IPv6 addresses without brackets. */
  readonly host: string;
  readonly port: number;
}

/** @example parseAuthority('reviews:9080', 'http') // => { host: 'reviews', port: 9080 } */
export function parseAuthority(authority: string, scheme: 'http' | 'https'): HostPort {
  const colon = authority.lastIndexOf(':');
  const bracket = authority.lastIndexOf(']');
  const hasPort = colon > bracket && colon >= 0;
  const host = (hasPort ? authority.slice(0, colon) : authority).toLowerCase();
  return {
    host: host.startsWith('[') ? host.slice(1, -1) : host,
    port: hasPort ? Number(authority.slice(colon + 1)) : scheme === 'https' ? 443 : 80,
  };
}
