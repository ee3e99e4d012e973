/**
 * Views: what workloads of one scope are to know at one state of the mesh, as named resources with versions. Workloads that differ in
 * nothing that policy looks at share one view: a thousand of them cost one resolution. From one state to the next only what changed is
 * resolved and rendered.
 */
import { createHash } from 'node:crypto';
import { type EffectiveMesh, Prepared, type ResourceChange, type Scope, ScopedPolicy } from 'heddle/policy';
import type { TrustBundle } from 'heddle/ports';
import type { Delta } from './delta.js';
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
  /** How it differs from the one before it. Held weakly: a view must not keep all that were before it. */
  readonly change?: { readonly from: WeakRef<View>; readonly delta: Delta };
}

/** What a view was rendered from. */
interface Source {
  readonly view: View;
  readonly own: ReadonlyMap<string, object>;
  /** In the order of their hosts. */
  readonly hosts: readonly OfHost[];
  readonly endpoints: readonly OfHost[];
}

interface OfHost {
  readonly host: string;
}

export interface ViewSettings {
  readonly mesh: EffectiveMesh;
  readonly bundle: TrustBundle;
}

/** What workloads say when they trust `bundle`. */
export function bundleVersion(bundle: TrustBundle): string {
  return render('bundle', bundle).version;
}

/** The views of one state. Whoever makes those of the next state out of them has no further use for them. */
export class Views {
  readonly #state: MeshState;
  readonly #settings: ViewSettings;
  readonly #views = new Map<string, Source>();
  readonly #viewsBefore: ReadonlyMap<string, Source>;
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
    this.#viewsBefore = before === undefined ? new Map() : before.#views;
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
    let source = this.#views.get(key);
    if (source === undefined) {
      source = this.#look(this.#scoped(who, scope), hosts, this.#viewsBefore.get(key));
      this.#views.set(key, source);
    }
    return source.view;
  }

  #scoped(who: string, scope: Scope): ScopedPolicy {
    let scoped = this.#scopes.get(who);
    if (scoped === undefined) {
      scoped = this.#before.get(who) ?? new ScopedPolicy(this.#prepared, scope, this.#settings.mesh);
      this.#scopes.set(who, scoped);
    }
    return scoped;
  }

  #look(scoped: ScopedPolicy, wanted: readonly string[], before: Source | undefined): Source {
    const policy = scoped.policy(this.#state.revision);
    const own = new Map<string, object>([
      ['mesh', policy.mesh],
      ['inbound', policy.inbound],
      ['bundle', this.#settings.bundle],
    ]);
    if (policy.telemetry !== undefined) own.set('telemetry', policy.telemetry);
    const directory = {
      all: policy.hosts,
      host: (name: string) => scoped.host(name),
      hostsCalled: (name: string) => scoped.hostsCalled(name),
    };
    const proxy = policy.mesh.egressProxy?.cluster.split('|')[3];
    const hosts = wantedHosts(directory, proxy === undefined ? wanted : [...wanted, proxy]);
    const endpoints =
      hosts === policy.hosts ? policy.endpoints : hosts.flatMap(({ host }) => scoped.endpoints(host) ?? []);
    const known = { own, hosts, endpoints };
    return { ...known, view: this.#view(known, before) };
  }

  #view(now: Omit<Source, 'view'>, before: Source | undefined): View {
    const resources = new Map(before?.view.resources);
    const upsert: Rendered[] = [];
    const remove: string[] = [];
    const say = (name: string, value: object | undefined) => {
      const rendered = value && this.#render(name, value);
      if (rendered === undefined) remove.push(name);
      else if (resources.get(name)?.version !== rendered.version) upsert.push(rendered);
      if (rendered === undefined) resources.delete(name);
      else resources.set(name, rendered);
    };
    for (const name of before?.own.keys() ?? []) if (!now.own.has(name)) say(name, undefined);
    for (const [name, value] of now.own) if (before?.own.get(name) !== value) say(name, value);
    follow(before?.hosts ?? [], now.hosts, (host, value) => say(`host/${host}`, value));
    follow(before?.endpoints ?? [], now.endpoints, (host, value) => say(`endpoints/${host}`, value));
    const { revision } = this.#state;
    if (before === undefined) return { revision, resources };
    return { revision, resources, change: { from: new WeakRef(before.view), delta: { upsert, remove } } };
  }

  #render(name: string, value: object): Rendered {
    let rendered = this.#rendered.get(value);
    if (rendered === undefined) this.#rendered.set(value, (rendered = render(name, value)));
    return rendered;
  }
}

/** Tells of each host of which there is something else now than before. */
function follow(
  before: readonly OfHost[],
  now: readonly OfHost[],
  say: (host: string, value: OfHost | undefined) => void,
): void {
  let at = 0;
  for (const one of now) {
    while (at < before.length && before[at]!.host < one.host) say(before[at++]!.host, undefined);
    const same = before[at]?.host === one.host ? before[at++] : undefined;
    if (same !== one) say(one.host, one);
  }
  while (at < before.length) say(before[at++]!.host, undefined);
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
