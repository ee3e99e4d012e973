/** All VirtualServices, delegates put in their places: by host, and by the hosts that they lead to. Kept while resources come and go. */
import type { DestinationSpec } from '../kinds/common.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { delegatesOf, type PlacedRule, rulesOf } from './delegates.js';
import { HostIndex } from './host-index.js';
import { fullGateway, fullName } from './names.js';
import { compareAge } from './order.js';
import type { Typed } from './typed.js';

/** A VirtualService that speaks for hosts. */
export interface KnownVirtualService extends Typed<VirtualServiceSpec> {
  /** Full names; may start with `*`. */
  readonly hosts: readonly string[];
  /** `mesh`, or `namespace/name`. */
  readonly gateways: ReadonlySet<string>;
  /** Its own, and those of its delegates. */
  readonly rules: readonly PlacedRule[];
}

/** What a change may have changed. */
export interface TouchedRoutes {
  readonly hosts: readonly string[];
  /** Where the rules lead, or led. */
  readonly destinations: readonly string[];
}

export class VirtualServices {
  readonly #documents = new Map<string, Typed<VirtualServiceSpec>>();
  readonly #known = new Map<string, KnownVirtualService>();
  /** By delegate, those that name it, by `ns/name`. */
  readonly #roots = new Map<string, Set<string>>();
  readonly #leadingTo = new Map<string, Set<KnownVirtualService>>();
  readonly byHost = new HostIndex<KnownVirtualService>(compareAge);

  /** @param document undefined: there is none of this `ns/name` any more */
  set(id: string, document: Typed<VirtualServiceSpec> | undefined): TouchedRoutes {
    const before = this.#documents.get(id);
    for (const delegate of before === undefined ? [] : delegatesOf(before)) remove(this.#roots, delegate, id);
    if (document === undefined) this.#documents.delete(id);
    else this.#documents.set(id, document);
    for (const delegate of document === undefined ? [] : delegatesOf(document))
      add(this.#roots, delegate, id);
    const hosts = new Set<string>();
    const destinations = new Set<string>();
    for (const affected of new Set([id, ...(this.#roots.get(id) ?? [])]))
      for (const version of this.#renew(affected)) {
        for (const host of version.hosts) hosts.add(host);
        for (const host of destinationPorts(version).keys()) destinations.add(host);
      }
    return { hosts: [...hosts], destinations: [...destinations] };
  }

  /** @returns what it was and what it is now */
  #renew(id: string): KnownVirtualService[] {
    const before = this.#known.get(id);
    if (before !== undefined) {
      for (const host of before.hosts) this.byHost.remove(host, before);
      for (const host of destinationPorts(before).keys()) remove(this.#leadingTo, host, before);
      this.#known.delete(id);
    }
    const document = this.#documents.get(id);
    // A delegate has no hosts: it speaks through others only.
    if (document === undefined || (document.spec.hosts ?? []).length === 0) return before ? [before] : [];
    const after = this.#build(document);
    this.#known.set(id, after);
    for (const host of after.hosts) this.byHost.add(host, after);
    for (const host of destinationPorts(after).keys()) add(this.#leadingTo, host, after);
    return before === undefined ? [after] : [before, after];
  }

  #build(document: Typed<VirtualServiceSpec>): KnownVirtualService {
    const { namespace } = document.metadata;
    const gateways = document.spec.gateways?.length ? document.spec.gateways : ['mesh'];
    return {
      ...document,
      hosts: [...new Set((document.spec.hosts ?? []).map((host) => fullName(host, namespace)))],
      gateways: new Set(gateways.map((gateway) => fullGateway(gateway, namespace))),
      rules: rulesOf(document, (id) => this.#documents.get(id)),
    };
  }

  /** Those with a rule that leads to `host`. */
  leadingTo(host: string): Iterable<KnownVirtualService> {
    return this.#leadingTo.get(host) ?? [];
  }
}

/**
 * The hosts that the rules lead to, and at which ports; 0 stands for any.
 * @param caller only rules that may speak to a caller of this namespace
 * @source Istio `push_context.go` virtualServiceDestinationsFilteredBySourceNamespace
 */
export function destinationPorts(
  { rules, spec, metadata }: KnownVirtualService,
  caller?: string,
): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>();
  const note = (target: DestinationSpec | undefined) => {
    if (target !== undefined) add(found, fullName(target.host, metadata.namespace), target.port?.number ?? 0);
  };
  for (const { rule } of rules) {
    const callers = (rule.match ?? []).flatMap((match) => match.sourceNamespace || []);
    if (caller !== undefined && callers.length > 0 && !callers.includes(caller)) continue;
    for (const { destination } of rule.route ?? []) note(destination);
    note(rule.mirror);
    for (const { destination } of rule.mirrors ?? []) note(destination);
  }
  for (const { route } of [...(spec.tls ?? []), ...(spec.tcp ?? [])])
    for (const { destination } of route ?? []) note(destination);
  return found;
}

function add<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const present = sets.get(key);
  if (present === undefined) sets.set(key, new Set([item]));
  else present.add(item);
}

function remove<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const present = sets.get(key);
  if (present === undefined) return;
  present.delete(item);
  if (present.size === 0) sets.delete(key);
}
