/**
 * All that resources say to one workload, kept while they change: after a change only what it may have touched is resolved again, and
 * what then says the same as before stays the same object, so that nothing that was made of it need be made again.
 */
import type {
  EffectiveEndpoints,
  EffectiveHost,
  EffectiveInbound,
  EffectiveMesh,
  EffectivePolicy,
  EffectiveTelemetry,
} from '../effective.js';
import type { Scope } from '../resource.js';
import { entryEndpoints, mergeEndpoints, type Workloads } from './endpoints.js';
import { HostList } from './host-list.js';
import { resolvePreparedInbound } from './inbound.js';
import { inboundPool } from './inbound-pool.js';
import { ROOT_NAMESPACE } from './names.js';
import type { Prepared } from './prepare.js';
import { inboundResilience } from './resilience.js';
import { isSame } from './same.js';
import { ScopedHosts } from './scoped-hosts.js';
import { sidecarFor } from './sidecar.js';
import { effectiveTelemetry } from './telemetry.js';
import type { Touched } from './touches.js';

export class ScopedPolicy {
  readonly #prepared: Prepared;
  readonly #scope: Scope;
  readonly #defaults: EffectiveMesh;
  readonly #hosts: ScopedHosts;
  readonly #endpoints = new HostList<EffectiveEndpoints>();
  /** The change that this is up to; null: nothing was looked at yet. */
  #at: number | null = null;
  #inbound: { value?: EffectiveInbound; stale: boolean } = { stale: true };
  #telemetry: { value?: EffectiveTelemetry | undefined; stale: boolean } = { stale: true };

  /** @param mesh what holds for workloads that no Sidecar speaks to */
  constructor(prepared: Prepared, scope: Scope, mesh: EffectiveMesh) {
    this.#prepared = prepared;
    this.#scope = scope;
    this.#defaults = mesh;
    this.#hosts = new ScopedHosts(prepared, scope, mesh);
  }

  /** @throws MeshError `HEDDLE_INVALID_POLICY` for a security policy of the wrong shape: leaving it out would open what it closes */
  policy(revision: number): EffectivePolicy {
    this.#catchUp();
    const telemetry = this.#telemetryNow();
    return {
      revision,
      mesh: this.#hosts.mesh,
      hosts: this.#hosts.list,
      endpoints: this.#endpoints.list,
      inbound: this.#inboundNow(),
      ...(telemetry !== undefined && { telemetry }),
    };
  }

  /** One of the hosts, as the last {@link policy} has it. */
  host(name: string): EffectiveHost | undefined {
    return this.#hosts.get(name);
  }

  /** The hosts that a caller may mean by `name`, in lower case and without a port, as the last {@link policy} has them. */
  hostsCalled(name: string): readonly EffectiveHost[] {
    const own = this.#hosts.get(name);
    return [...new Set([...(own === undefined ? [] : [own]), ...this.#hosts.called(name)])];
  }

  /** The endpoints of a host, as the last {@link policy} has them. */
  endpoints(host: string): EffectiveEndpoints | undefined {
    return this.#endpoints.get(host);
  }

  #catchUp(): void {
    const { touches } = this.#prepared;
    const touched = this.#at === null ? null : touches.since(this.#at);
    if (touched?.isEmpty) return;
    // Whatever goes wrong on the way, the next time looks at everything.
    this.#at = null;
    const looked = this.#hosts.catchUp(touched);
    const hosts = touched === null ? new Set([...looked, ...this.#endpoints.keys()]) : looked;
    if (touched !== null) this.#addMoved(touched, hosts);
    const changes = new Map<string, EffectiveEndpoints | undefined>();
    for (const host of hosts) {
      const [before, after] = [this.#endpoints.get(host), this.#endpointsOf(host)];
      if (!isSame(before, after)) changes.set(host, after);
    }
    this.#endpoints.apply(changes);
    const concerns = (namespaces: ReadonlySet<string>) =>
      namespaces.has(this.#scope.namespace) || namespaces.has(ROOT_NAMESPACE);
    if (touched === null || concerns(touched.security) || concerns(touched.sidecars))
      this.#inbound.stale = true;
    if (touched === null || concerns(touched.telemetries)) this.#telemetry.stale = true;
    this.#at = touches.now;
  }

  /** Hosts of which only the endpoints may have changed. */
  #addMoved(touched: Touched, hosts: Set<string>): void {
    for (const host of touched.endpoints) hosts.add(host);
    for (const namespace of touched.workloads)
      for (const host of this.#prepared.services.selecting(namespace)) hosts.add(host);
  }

  /** Of hosts that it sees only: a workload does not learn where others are. */
  #endpointsOf(host: string): EffectiveEndpoints | undefined {
    if (this.#hosts.get(host) === undefined) return undefined;
    const { registrations, services } = this.#prepared;
    const namespace = this.#hosts.namespaceOf(host);
    const own = services
      .candidates(host)
      .filter((service) => service.namespace === namespace)
      .flatMap(
        (service) =>
          entryEndpoints(service, this.#scope.namespace, this.#defaults.trustDomain, this.#workloads) ?? [],
      );
    const registered = registrations.endpoints(host);
    return mergeEndpoints(registered === undefined ? own : [registered, ...own]);
  }

  readonly #workloads = (namespace: string): Workloads => ({
    entries: this.#prepared.workloadEntries.in(namespace),
    registered: this.#prepared.registrations.in(namespace),
  });

  #inboundNow(): EffectiveInbound {
    const { value, stale } = this.#inbound;
    if (value !== undefined && !stale) return value;
    const { security, protection } = this.#prepared;
    const here = this.#here();
    const { pathNormalization } = this.#defaults;
    const now = {
      ...resolvePreparedInbound(
        security.of(here, pathNormalization === undefined ? {} : { pathNormalization }),
        this.#scope,
      ),
      ...inboundResilience(
        {
          resilience: here.flatMap((namespace) => protection.resilience.in(namespace)),
          rateLimits: here.flatMap((namespace) => protection.rateLimits.in(namespace)),
        },
        this.#scope,
      ),
      ...inboundPool(sidecarFor(this.#scope, (where) => this.#prepared.sidecars.in(where))?.spec),
    };
    this.#inbound = { value: isSame(value, now) ? value! : now, stale: false };
    return this.#inbound.value!;
  }

  #telemetryNow(): EffectiveTelemetry | undefined {
    const { value, stale } = this.#telemetry;
    if (!stale) return value;
    const now = effectiveTelemetry(this.#scope, (namespace) => this.#prepared.telemetries.in(namespace));
    this.#telemetry = { value: isSame(value, now) ? value : now, stale: false };
    return this.#telemetry.value;
  }

  /** The namespaces whose policies speak of the workload's own side. */
  #here(): string[] {
    const { namespace } = this.#scope;
    return namespace === ROOT_NAMESPACE ? [ROOT_NAMESPACE] : [ROOT_NAMESPACE, namespace];
  }
}
