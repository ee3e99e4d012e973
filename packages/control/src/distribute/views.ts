/**
 * Views: what workloads of one scope are to know at one state of the mesh, as named resources with versions. Workloads that differ in
 * nothing that policy looks at share one view: a thousand of them cost one resolution.
 */
import { createHash } from 'node:crypto';
import {
  type EffectiveEndpoints,
  type EffectiveMesh,
  prepare,
  resolvePrepared,
  type Scope,
} from 'heddle/policy';
import type { TrustBundle } from 'heddle/ports';
import { wantedHosts } from './hosts.js';
import type { MeshState } from './state.js';

/** A named resource, ready for the wire. */
export interface Rendered {
  /** Hash of the value. */
  readonly version: string;
  /** `{"name":…,"version":…,"value":…}` */
  readonly json: string;
}

export interface View {
  readonly revision: number;
  /** By name. */
  readonly resources: ReadonlyMap<string, Rendered>;
}

export interface ViewSettings {
  readonly mesh: EffectiveMesh;
  readonly bundle: TrustBundle;
}

/** The views of one state. */
export class Views {
  readonly #state: MeshState;
  readonly #settings: ViewSettings;
  readonly #views = new Map<string, View>();
  /** Endpoints that workloads registered, by host; rendered once for all views, as most of them are seen by most workloads. */
  readonly #registered: ReadonlyMap<string, EffectiveEndpoints>;
  readonly #rendered = new Map<EffectiveEndpoints, Rendered>();
  #prepared: ReturnType<typeof prepare> | undefined;

  constructor(state: MeshState, settings: ViewSettings) {
    this.#state = state;
    this.#settings = settings;
    this.#registered = new Map(state.endpoints.map((item) => [item.host, item]));
  }

  /** May a workload of this service account take calls for `service`? */
  mayServe(service: string, namespace: string, serviceAccount: string): boolean {
    return this.#state.accounts.mayServe(service, namespace, serviceAccount);
  }

  /** @param hosts names that the workload asked for; `*`: all */
  of(scope: Scope, hosts: readonly string[]): View {
    const labels = Object.entries(scope.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([scope.namespace, scope.service, scope.gateway, labels, [...hosts].sort()]);
    let view = this.#views.get(key);
    if (view === undefined) {
      view = this.#resolve(scope, hosts);
      this.#views.set(key, view);
    }
    return view;
  }

  #resolve(scope: Scope, wanted: readonly string[]): View {
    const { revision, resources, services, endpoints } = this.#state;
    this.#prepared ??= prepare(resources, services);
    const policy = resolvePrepared(this.#prepared, endpoints, scope, { revision, mesh: this.#settings.mesh });
    const hosts = wantedHosts(policy.hosts, wanted);
    const names = new Set(hosts.map((host) => host.host));
    const rendered = new Map<string, Rendered>();
    const add = (name: string, value: unknown) => rendered.set(name, render(name, value));
    add('mesh', policy.mesh);
    add('inbound', policy.inbound);
    add('bundle', this.#settings.bundle);
    for (const host of hosts) add(`host/${host.host}`, host);
    for (const item of policy.endpoints) {
      if (names.has(item.host)) rendered.set(`endpoints/${item.host}`, this.#renderEndpoints(item));
    }
    return { revision, resources: rendered };
  }

  #renderEndpoints(item: EffectiveEndpoints): Rendered {
    const name = `endpoints/${item.host}`;
    const registered = this.#registered.get(item.host);
    if (registered === undefined || !isSame(registered, item)) return render(name, item);
    let rendered = this.#rendered.get(registered);
    if (rendered === undefined) this.#rendered.set(registered, (rendered = render(name, registered)));
    return rendered;
  }
}

/** The very same endpoints on the same ports? */
function isSame(one: EffectiveEndpoints, other: EffectiveEndpoints): boolean {
  const ports = Object.keys(one.ports);
  if (ports.length !== Object.keys(other.ports).length) return false;
  return ports.every((port) => {
    const [a, b] = [one.ports[port] ?? [], other.ports[port]];
    return b !== undefined && a.length === b.length && a.every((endpoint, index) => endpoint === b[index]);
  });
}

export function render(name: string, value: unknown): Rendered {
  const json = JSON.stringify(value);
  // 128 bits: nobody gains by making two of their own resources look alike.
  const version = createHash('sha256').update(json).digest('base64url').slice(0, 22);
  return { version, json: `{"name":${JSON.stringify(name)},"version":"${version}","value":${json}}` };
}
