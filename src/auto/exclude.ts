/** Which places are called as if there were no mesh. Pure. @source Istio `traffic.sidecar.istio.io/excludeOutboundPorts`, by host here, too */

/** Does the original way hold for this place? `host` without brackets or with them, in any case. */
export type Excludes = (host: string, port: number) => boolean;

/**
 * @param entries `host`, `host:port`, `:port`, `*.suffix`, `*.suffix:port`, in lower case
 * @example excludes(['*.internal', ':5432'])('db.internal', 80); // => true
 */
export function excludes(entries: readonly string[]): Excludes {
  const exact = new Set<string>();
  const suffixes: { readonly suffix: string; readonly port: string }[] = [];
  for (const entry of entries) {
    const [, host, port] = /^(.*?)(?::(\d+))?$/.exec(entry)!;
    if (host!.startsWith('*.')) suffixes.push({ suffix: host!.slice(1), port: port ?? '' });
    else exact.add(port === undefined ? bare(host!) : `${bare(host!)}:${port}`);
  }
  if (exact.size === 0 && suffixes.length === 0) return () => false;
  return (host, port) => {
    const name = bare(host.toLowerCase());
    if (exact.has(name) || exact.has(`${name}:${port}`) || exact.has(`:${port}`)) return true;
    return suffixes.some(
      ({ suffix, port: only }) => name.endsWith(suffix) && (only === '' || only === String(port)),
    );
  };
}

/** Without the brackets of an IPv6 address and the dot of an absolute name. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** The port of a URL, its scheme's if it names none. */
export function portOf({ port, protocol }: { readonly port: string; readonly protocol: string }): number {
  return port === '' ? (protocol === 'https:' || protocol === 'wss:' ? 443 : 80) : Number(port);
}
