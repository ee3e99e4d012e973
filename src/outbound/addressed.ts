/**
 * Clusters that are made when somebody calls them, of one endpoint each: the host that the caller named, found by DNS. For hosts that
 * policy does not know, where it says ALLOW_ANY (with TLS if the caller asked for https, and with no retries or timeout of the mesh's),
 * and for those under a wildcard of which nobody lists endpoints.
 * @source Istio `httproute.go`, route `allow_any`, PassthroughCluster; ServiceEntry resolution NONE and DYNAMIC_DNS
 */
import { clusterName } from '../model/cluster.js';
import { endpointKey } from '../model/endpoint.js';
import type { EffectiveCluster } from '../policy/effective.js';
import type { Binder } from './bind.js';
import type { BoundCluster } from './bound-cluster.js';

/** Name under which calls to unknown hosts are counted. */
export const PASSTHROUGH = 'PassthroughCluster';

/** Hosts whose connections are kept; the one that was asked for first goes first. */
const MOST = 1_000;

interface Made {
  readonly cluster: BoundCluster;
  /** The wildcard's; null: policy does not know the host. */
  readonly policy: EffectiveCluster | null;
}

export class AddressedClusters {
  readonly #binder: Binder;
  readonly #made = new Map<string, Made>();

  constructor(binder: Binder) {
    this.#binder = binder;
  }

  /** A host that policy does not know. @param host as the caller wrote it, in any case, without port */
  unknown(host: string, port: number, scheme: 'http' | 'https'): BoundCluster {
    const name = clusterName(port, scheme === 'https' ? 'tls' : '', host.toLowerCase());
    const made = this.#made.get(name);
    return made?.cluster ?? this.#make(policyOf(name, host, port, scheme), null, host, port);
  }

  /** A host under a wildcard, by the policy of the wildcard's cluster. */
  under(policy: EffectiveCluster, host: string): BoundCluster {
    const name = `${policy.name}@${host.toLowerCase()}`;
    const made = this.#made.get(name);
    if (made?.policy === policy) return made.cluster;
    return this.#make({ ...policy, name, labels: {} }, policy, host, policy.port);
  }

  clusters(): BoundCluster[] {
    return [...this.#made.values()].map(({ cluster }) => cluster);
  }

  /** Forgets what the policy in force would not make again. @param known names of its clusters */
  retain(known: { has(name: string): boolean }, allowUnknown: boolean): void {
    for (const [name, { policy }] of this.#made)
      if (policy === null ? !allowUnknown : !known.has(policy.name)) this.#made.delete(name);
  }

  #make(policy: EffectiveCluster, source: EffectiveCluster | null, host: string, port: number): BoundCluster {
    const endpoint = {
      key: endpointKey(host, port),
      address: host,
      port,
      labels: {},
      weight: 1,
      mtls: false,
    };
    const cluster = this.#binder.cluster(policy, [endpoint]);
    this.#made.set(policy.name, { cluster, policy: source });
    if (this.#made.size > MOST) this.#forgetOldest();
    return cluster;
  }

  #forgetOldest(): void {
    const [oldest] = this.#made.keys();
    this.#made.delete(oldest!);
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
