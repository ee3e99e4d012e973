/**
 * Rules about hosts, DestinationRules and ResiliencePolicies: kept by namespace and host, and looked for where Istio looks.
 * @source Istio `push_context.go` destinationRule, setDestinationRules; spec traffic.md §4.1
 */
import type { Scope } from '../resource.js';
import { HostIndex } from './host-index.js';
import { exported, fullName, ROOT_NAMESPACE } from './names.js';
import { compareAge } from './order.js';
import type { Typed } from './typed.js';

/** What can be looked up by host. */
export interface AboutHost {
  readonly host: string;
  readonly exportTo?: readonly string[] | undefined;
  /** Of a rule that is about some workloads of its own namespace only. */
  readonly workloadSelector?: unknown;
}

/** A rule about a host. */
export interface HostRule<Spec> extends Typed<Spec> {
  /** In full; may start with `*`. */
  readonly host: string;
}

export class HostRules<Spec extends AboutHost> {
  readonly #namespaces = new Map<string, HostIndex<HostRule<Spec>>>();

  add(rule: HostRule<Spec>): void {
    const { namespace } = rule.metadata;
    const index = this.#namespaces.get(namespace) ?? new HostIndex<HostRule<Spec>>(compareAge);
    this.#namespaces.set(namespace, index);
    index.add(rule.host, rule);
  }

  remove(rule: HostRule<Spec>): void {
    this.#namespaces.get(rule.metadata.namespace)?.remove(rule.host, rule);
  }

  in(namespace: string): HostIndex<HostRule<Spec>> | undefined {
    return this.#namespaces.get(namespace);
  }
}

export function aboutHost<Spec extends AboutHost>(rule: Typed<Spec>): HostRule<Spec> {
  return { ...rule, host: fullName(rule.spec.host, rule.metadata.namespace) };
}

/** Namespaces, with `.` for the rule's own; empty: all. A selector keeps a rule at home. */
export function exportsOf({ spec, metadata }: Typed<AboutHost>): ReadonlySet<string> {
  if (spec.workloadSelector !== undefined) return new Set(['.']);
  return new Set((spec.exportTo ?? []).map((to) => (to === metadata.namespace ? '.' : to)));
}

function isPrivate(rule: Typed<AboutHost>): boolean {
  const to = exportsOf(rule);
  return to.size === 1 && to.has('.');
}

/** A rule, and where it was found. */
export interface Found<Rule> {
  readonly rule: Rule;
  readonly namespace: string;
}

/**
 * The rules about the most specific name that covers `host`, of the first namespace that has any: the client's own, the service's,
 * the root. Never of several namespaces.
 * @param combine what to make of the rules of one namespace before it is asked which of them the client may see
 */
export function rulesFor<Spec extends AboutHost, Rule extends { readonly exportTo: ReadonlySet<string> }>(
  all: HostRules<Spec>,
  host: string,
  scope: Scope,
  serviceNamespace: string | undefined,
  combine: (rules: readonly HostRule<Spec>[]) => Rule[],
): Found<Rule>[] {
  const { namespace } = scope;
  // What the root namespace shows to all is for the whole mesh, not for its own workloads first.
  const local = all
    .in(namespace)
    ?.best(host, (rule) =>
      namespace === ROOT_NAMESPACE
        ? isPrivate(rule)
        : exported([...exportsOf(rule)], namespace, namespace) !== null,
    );
  if (local !== undefined && local.length > 0) return combine(local).map((rule) => ({ rule, namespace }));
  for (const owner of [serviceNamespace, ROOT_NAMESPACE]) {
    if (owner === undefined) continue;
    const shown = all.in(owner)?.best(host, (rule) => !isPrivate(rule)) ?? [];
    const seen = combine(shown).filter(({ exportTo }) => exported([...exportTo], owner, namespace) !== null);
    if (seen.length > 0) return seen.map((rule) => ({ rule, namespace: owner }));
  }
  return [];
}

/** The first of them, where rules are not put together. */
export function firstRule<Spec extends AboutHost>(
  all: HostRules<Spec>,
  host: string,
  scope: Scope,
  serviceNamespace: string | undefined,
): HostRule<Spec> | undefined {
  const found = rulesFor(all, host, scope, serviceNamespace, (rules) =>
    rules.map((rule) => ({ rule, exportTo: exportsOf(rule) })),
  );
  return found[0]?.rule.rule;
}
