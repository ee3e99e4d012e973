/**
 * What a Gateway lets in: which hosts of which namespaces VirtualServices may speak for, and where callers are sent to HTTPS.
 * @source Istio `pilot/pkg/networking/core/gateway.go` buildGatewayHTTPRouteConfig; spec traffic.md §6
 */
import type { EffectiveRoute } from '../../traffic/route/policy.js';
import type { GatewayServerSpec, GatewaySpec } from '../kinds/gateway.js';
import { hostSubsetOf } from '../kinds/hosts.js';
import { isHttpProtocol } from '../kinds/port-protocols.js';
import type { Typed } from './typed.js';

interface OpenHost {
  /** Namespace of VirtualServices, or `*`. */
  readonly from: string;
  readonly name: string;
  readonly server: GatewayServerSpec;
}

/** A Gateway that is not among the resources forbids nothing. */
export class GatewayDoor {
  readonly #open: readonly OpenHost[] | null;
  /** Names that are open, whoever speaks for them. */
  readonly hosts: ReadonlySet<string>;

  constructor(gateway: Typed<GatewaySpec> | undefined) {
    this.#open = gateway === undefined ? null : openHosts(gateway);
    this.hosts = new Set(this.#open?.map(({ name }) => name));
  }

  /**
   * May a VirtualService of `namespace`, which says `name`, speak for `host` here? Of its name and one that the gateway opens the narrower
   * one is the host.
   */
  opens(host: string, name: string, namespace: string): boolean {
    if (this.#open === null) return name === host;
    return this.#open.some(
      (open) =>
        (open.from === '*' || open.from === namespace) &&
        (name === host ? hostSubsetOf(host, open.name) : open.name === host && hostSubsetOf(host, name)),
    );
  }

  /** Servers with `httpsRedirect` send calls over HTTP away before any rule is asked. */
  routes(host: string): EffectiveRoute[] {
    const plain = (this.#open ?? []).filter(
      ({ name, server }) => hostSubsetOf(host, name) && isHttpProtocol(server.port?.protocol ?? ''),
    );
    const sends = plain.filter(({ server }) => server.tls?.httpsRedirect === true);
    // The gateway may be behind a Service with other ports: these count only where they tell servers apart.
    const everywhere = sends.length === plain.length;
    const ports = new Set(everywhere ? [undefined] : sends.map(({ server }) => server.port?.number));
    return sends.length === 0 ? [] : [...ports].map(toHttps);
  }
}

function openHosts({ spec, metadata }: Typed<GatewaySpec>): OpenHost[] {
  return (spec.servers ?? []).flatMap((server) =>
    (server.hosts ?? []).map((entry) => {
      const slash = entry.indexOf('/');
      const owner = slash < 0 ? '*' : entry.slice(0, slash);
      const name = entry.slice(slash + 1).toLowerCase();
      return { from: owner === '.' ? metadata.namespace : owner, name, server };
    }),
  );
}

function toHttps(port: number | undefined): EffectiveRoute {
  return {
    index: -1,
    name: null,
    match: { scheme: { exact: 'http' }, ...(port !== undefined && { port }) },
    action: { kind: 'redirect', status: 301, scheme: 'https' },
    timeoutMs: null,
    retries: null,
  };
}
