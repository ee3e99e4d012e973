/**
 * Views: what workloads of one scope are to know at one state of the mesh, as named resources with versions. Workloads that differ in
 * nothing that policy looks at share one view: a thousand of them cost one resolution. From one state to the next only what changed is
 * resolved and rendered.
 */
import { createHash } from 'node:crypto';
import { type EffectiveMesh, Prepared, type ResourceChange, type Scope, ScopedPolicy } from 'heddle/policy';
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

/** The views of one state. Whoever makes those of the next state out of them has no further use for them. */
export class Views {
  readonly #state: MeshState;
  readonly #settings: ViewSettings;
  readonly #views = new Map<string, View>();
  readonly #prepared: Prepared;
  /** By scope; those that nobody asked for at this state are forgotten at the next. */
  readonly #scopes = new Map<string, ScopedPolicy>();
  readonly #before: ReadonlyMap<string, ScopedPolicy>;
  /** What was rendered stays rendered for as long as the value itself is there. */
  readonly #rendered: WeakMap<object, Rendered>;

  constructor(state: MeshState, settings: ViewSettings, before?: Views) {
    this.#state = state;
    this.#settings = settings;
    this.#prepared = before === undefined ? new Prepared() : before.#prepared;
    this.#before = before === undefined ? new Map() : before.#scopes;
    this.#rendered = before === undefined ? new WeakMap() : before.#rendered;
    this.#prepared.register(state.services, state.endpoints);
    this.#prepared.change(changeOf(state, before === undefined ? undefined : before.#state));
  }

  /** May a workload of this service account take calls for `service`? */
  mayServe(service: string, namespace: string, serviceAccount: string): boolean {
    return this.#state.accounts.mayServe(service, namespace, serviceAccount);
  }

  /** @param hosts names that the workload asked for; `*`: all */
  of(scope: Scope, hosts: readonly string[]): View {
    const labels = Object.entries(scope.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const who = JSON.stringify([scope.namespace, scope.service, scope.gateway, labels]);
    const key = `${who} ${JSON.stringify([...hosts].sort())}`;
    let view = this.#views.get(key);
    if (view === undefined) {
      view = this.#view(this.#scoped(who, scope), hosts);
      this.#views.set(key, view);
    }
    return view;
  }

  #scoped(who: string, scope: Scope): ScopedPolicy {
    let scoped = this.#scopes.get(who);
    if (scoped === undefined) {
      scoped = this.#before.get(who) ?? new ScopedPolicy(this.#prepared, scope, this.#settings.mesh);
      this.#scopes.set(who, scoped);
    }
    return scoped;
  }

  #view(scoped: ScopedPolicy, wanted: readonly string[]): View {
    const { revision } = this.#state;
    const policy = scoped.policy(revision);
    const resources = new Map<string, Rendered>();
    const add = (name: string, value: object) => resources.set(name, this.#render(name, value));
    add('mesh', policy.mesh);
    add('inbound', policy.inbound);
    add('bundle', this.#settings.bundle);
    if (policy.telemetry !== undefined) add('telemetry', policy.telemetry);
    const directory = {
      all: policy.hosts,
      host: (name: string) => scoped.host(name),
      hostsCalled: (name: string) => scoped.hostsCalled(name),
    };
    const proxy = policy.mesh.egressProxy?.cluster.split('|')[3];
    const hosts = wantedHosts(directory, proxy === undefined ? wanted : [...wanted, proxy]);
    for (const host of hosts) add(`host/${host.host}`, host);
    for (const { host } of hosts) {
      const endpoints = scoped.endpoints(host);
      if (endpoints !== undefined) add(`endpoints/${host}`, endpoints);
    }
    return { revision, resources };
  }

  #render(name: string, value: object): Rendered {
    let rendered = this.#rendered.get(value);
    if (rendered === undefined) this.#rendered.set(value, (rendered = render(name, value)));
    return rendered;
  }
}

/** From one state to another: as it says itself, if that is where it comes from; else by looking at all. */
function changeOf(state: MeshState, before: MeshState | undefined): ResourceChange {
  const { change, serial } = state;
  if (change !== undefined && serial !== undefined && before?.serial === serial - 1) return change;
  if (before === undefined) return { upsert: state.resources };
  const [was, is] = [new Set(before.resources), new Set(state.resources)];
  return {
    remove: before.resources.filter((resource) => !is.has(resource)),
    upsert: state.resources.filter((resource) => !was.has(resource)),
  };
}

export function render(name: string, value: unknown): Rendered {
  const json = JSON.stringify(value);
  // 128 bits: nobody gains by making two of their own resources look alike.
  const version = createHash('sha256').update(json).digest('base64url').slice(0, 22);
  return { version, json: `{"name":${JSON.stringify(name)},"version":"${version}","value":${json}}` };
}
