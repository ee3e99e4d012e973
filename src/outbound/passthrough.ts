/**
 * Calls to hosts that policy does not know, where it says ALLOW_ANY: they go where DNS says, with TLS if the caller asked for https, and
 * with no retries or timeout of the mesh's.
 * @source Istio `httproute.go`, route `allow_any`, PassthroughCluster
 */
import { clusterName } from '../model/cluster.js';
import { endpointKey } from '../model/endpoint.js';
import type { EffectiveCluster } from '../policy/effective.js';
import type { Binder, BoundCluster } from './bind.js';

/** Name under which such calls are counted. */
export const PASSTHROUGH = 'PassthroughCluster';

/** Hosts whose connections are kept; the one that was asked for first goes first. */
const MOST = 1_000;

export class Passthrough {
  readonly #binder: Binder;
  readonly #clusters = new Map<string, BoundCluster>();

  constructor(binder: Binder) {
    this.#binder = binder;
  }

  /** @param host as the caller wrote it, in any case, without port */
  cluster(host: string, port: number, scheme: 'http' | 'https'): BoundCluster {
    const name = clusterName(port, scheme === 'https' ? 'tls' : '', host.toLowerCase());
    let cluster = this.#clusters.get(name);
    if (cluster === undefined) {
      const key = endpointKey(host, port);
      const endpoint = { key, address: host, port, labels: {}, weight: 1, mtls: false };
      cluster = this.#binder.cluster(policyOf(name, host, port, scheme), [endpoint]);
      this.#clusters.set(name, cluster);
      if (this.#clusters.size > MOST) this.#forgetOldest();
    }
    return cluster;
  }

  clusters(): Iterable<BoundCluster> {
    return this.#clusters.values();
  }

  #forgetOldest(): void {
    const [oldest] = this.#clusters.keys();
    this.#clusters.delete(oldest!);
    this.#binder.forget(oldest!);
  }
}

/** A server name is never an address (RFC 6066 §3); it is verified as the address then. */
function serverName(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host;
}

function policyOf(name: string, host: string, port: number, scheme: 'http' | 'https'): EffectiveCluster {
  return {
    name,
    port,
    subset: '',
    labels: {},
    balancer: { kind: 'random' },
    connection: { connectTimeoutMs: 10_000, idleTimeoutMs: 3_600_000, maxRequestsPerConnection: 0 },
    limits: {},
    tls:
      scheme === 'https'
        ? { mode: 'simple', sni: serverName(host), subjectAltNames: [] }
        : { mode: 'disable' },
  };
}
