/**
 * Which DestinationRule speaks for a host as seen from one workload, and what it says for one cluster.
 * @source Istio `push_context.go` destinationRule, `destination_rule.go` mergeDestinationRule, `util.go`
 *   MergeSubsetTrafficPolicy; spec traffic.md §4.1, §4.2
 */
import type {
  ClientTlsSpec,
  ConnectionPoolSpec,
  DestinationRuleSpec,
  LoadBalancerSpec,
  OutlierDetectionSpec,
  SubsetSpec,
  TrafficPolicySpec,
} from '../kinds/destination-rule.js';
import type { Scope } from '../resource.js';
import { exported, ROOT_NAMESPACE } from './names.js';
import type { HostRule, HostRules } from './prepare.js';

/** Rules about one host, merged. */
export interface MergedRule {
  /** `ns/name` of those that were merged. */
  readonly ids: readonly string[];
  readonly trafficPolicy: TrafficPolicySpec | undefined;
  readonly subsets: readonly SubsetSpec[];
}

/** Can be looked up by host: a DestinationRule or a ResiliencePolicy. */
type Exportable = { readonly host: string; readonly exportTo?: readonly string[] | undefined };

/** Where rules about a host of `serviceNamespace` are looked for, in order; the first namespace with a match wins. */
export function searchNamespaces(scope: Scope, serviceNamespace: string | undefined): string[] {
  const order = scope.namespace === ROOT_NAMESPACE ? [] : [scope.namespace];
  if (serviceNamespace !== undefined) order.push(serviceNamespace);
  order.push(ROOT_NAMESPACE);
  return [...new Set(order)];
}

/** Visible rules of the first namespace that has any for `host`, those of the most specific host only, oldest first. */
export function rulesFor<Spec extends Exportable>(
  rules: HostRules<Spec>,
  host: string,
  scope: Scope,
  serviceNamespace: string | undefined,
  usable: (rule: HostRule<Spec>) => boolean = () => true,
): HostRule<Spec>[] {
  for (const namespace of searchNamespaces(scope, serviceNamespace)) {
    const found = rules
      .get(namespace)
      ?.best(
        host,
        (rule) => exported(rule.spec.exportTo, namespace, scope.namespace) !== null && usable(rule),
      );
    if (found !== undefined && found.length > 0) return found;
  }
  return [];
}

function destinationRuleFor(
  all: HostRules<DestinationRuleSpec>,
  host: string,
  scope: Scope,
  serviceNamespace: string | undefined,
): MergedRule | null {
  const usable = (rule: HostRule<DestinationRuleSpec>) => selects(rule.spec, rule.metadata.namespace, scope);
  const rules = rulesFor(all, host, scope, serviceNamespace, usable);
  const selecting = rules.filter((rule) => rule.spec.workloadSelector !== undefined);
  const [first, ...later] = selecting.length > 0 ? selecting : rules;
  if (first === undefined) return null;
  const ids = [first.id];
  let trafficPolicy = first.spec.trafficPolicy;
  const subsets = [...(first.spec.subsets ?? [])];
  const names = new Set(subsets.map((subset) => subset.name));
  for (const rule of later) {
    if (!mergeable(first, rule)) continue;
    ids.push(rule.id);
    trafficPolicy ??= rule.spec.trafficPolicy;
    for (const subset of rule.spec.subsets ?? [])
      if (!names.has(subset.name)) {
        names.add(subset.name);
        subsets.push(subset);
      }
  }
  return { ids, trafficPolicy, subsets };
}

/** The DestinationRules of one workload's view, each host looked up once: its clusters and every route to it ask. */
export class DestinationRules {
  readonly #all: HostRules<DestinationRuleSpec>;
  readonly #scope: Scope;
  readonly #known = new Map<string, MergedRule | null>();

  constructor(all: HostRules<DestinationRuleSpec>, scope: Scope) {
    this.#all = all;
    this.#scope = scope;
  }

  /** null: none speaks for the host. */
  of(host: string, serviceNamespace: string | undefined): MergedRule | null {
    let rule = this.#known.get(host);
    if (rule === undefined) {
      rule = destinationRuleFor(this.#all, host, this.#scope, serviceNamespace);
      this.#known.set(host, rule);
    }
    return rule;
  }
}

/** A selector asks about the client, and only of its own namespace. */
function selects(spec: DestinationRuleSpec, namespace: string, scope: Scope): boolean {
  if (spec.workloadSelector === undefined) return true;
  if (namespace !== scope.namespace) return false;
  const wanted = spec.workloadSelector.matchLabels ?? {};
  return Object.entries(wanted).every(([key, value]) => scope.labels[key] === value);
}

function mergeable(one: HostRule<DestinationRuleSpec>, other: HostRule<DestinationRuleSpec>): boolean {
  const exports = (rule: HostRule<DestinationRuleSpec>) =>
    JSON.stringify([...(rule.spec.exportTo ?? [])].sort());
  const selector = (rule: HostRule<DestinationRuleSpec>) =>
    JSON.stringify(Object.entries(rule.spec.workloadSelector?.matchLabels ?? {}).sort());
  return exports(one) === exports(other) && selector(one) === selector(other);
}

/** The blocks that hold for one cluster. */
export interface ClusterPolicy {
  readonly loadBalancer?: LoadBalancerSpec | undefined;
  readonly connectionPool?: ConnectionPoolSpec | undefined;
  readonly outlierDetection?: OutlierDetectionSpec | undefined;
  readonly tls?: ClientTlsSpec | undefined;
  readonly retryBudget?: TrafficPolicySpec['retryBudget'];
}

/** Blocks replace blocks; nothing is merged within one. A port's entry replaces all four, with "unset" too. */
export function clusterPolicy(
  rule: MergedRule | null,
  subset: SubsetSpec | undefined,
  port: number,
): ClusterPolicy {
  const base = atPort(rule?.trafficPolicy, port);
  const own = subset?.trafficPolicy;
  if (own === undefined) return base;
  const merged: ClusterPolicy = {
    loadBalancer: own.loadBalancer ?? base.loadBalancer,
    connectionPool: own.connectionPool ?? base.connectionPool,
    outlierDetection: own.outlierDetection ?? base.outlierDetection,
    tls: own.tls ?? base.tls,
    retryBudget: own.retryBudget ?? base.retryBudget,
  };
  const entry = own.portLevelSettings?.find((candidate) => candidate.port?.number === port);
  return entry === undefined ? merged : { ...fourBlocks(entry), retryBudget: merged.retryBudget };
}

function atPort(policy: TrafficPolicySpec | undefined, port: number): ClusterPolicy {
  if (policy === undefined) return {};
  const entry = policy.portLevelSettings?.find((candidate) => candidate.port?.number === port);
  if (entry === undefined) return { ...fourBlocks(policy), retryBudget: policy.retryBudget };
  return fourBlocks(entry);
}

function fourBlocks(from: ClusterPolicy): ClusterPolicy {
  const { loadBalancer, connectionPool, outlierDetection, tls } = from;
  return { loadBalancer, connectionPool, outlierDetection, tls };
}
