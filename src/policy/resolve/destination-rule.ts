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
import { exportsOf, type Found, type HostRule, type HostRules, rulesFor } from './host-rules.js';
import { isSame } from './same.js';

/** Rules about one host, merged. */
export interface MergedRule {
  /** `ns/name` of those that were merged. */
  readonly ids: readonly string[];
  readonly trafficPolicy: TrafficPolicySpec | undefined;
  readonly subsets: readonly SubsetSpec[];
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
      rule = choose(rulesFor(this.#all, host, this.#scope, serviceNamespace, consolidate), this.#scope);
      this.#known.set(host, rule);
    }
    return rule;
  }
}

/** Several that may be merged. The owner's namespace sees what is private to it as well. */
interface Consolidated extends MergedRule {
  readonly exportTo: ReadonlySet<string>;
  readonly selector: Readonly<Record<string, string>> | undefined;
}

/** Those with a selector first, then the oldest; a later one adds what the first of its kind leaves open. */
function consolidate(rules: readonly HostRule<DestinationRuleSpec>[]): Consolidated[] {
  const selecting = rules.filter(({ spec }) => spec.workloadSelector !== undefined);
  const others = rules.filter(({ spec }) => spec.workloadSelector === undefined);
  const merged: Consolidated[] = [];
  for (const rule of [...selecting, ...others]) {
    const added: Consolidated = {
      ids: [rule.id],
      trafficPolicy: rule.spec.trafficPolicy,
      subsets: rule.spec.subsets ?? [],
      exportTo: exportsOf(rule),
      selector: rule.spec.workloadSelector && (rule.spec.workloadSelector.matchLabels ?? {}),
    };
    let separate = true;
    for (const [index, present] of merged.entries()) {
      const equal = isSame([...present.exportTo].sort(), [...added.exportTo].sort());
      const wider = present.exportTo.size > 0 && [...present.exportTo].every((to) => added.exportTo.has(to));
      if ((!equal && !wider) || (added.selector !== undefined && !isSame(present.selector, added.selector)))
        continue;
      merged[index] = mergeRule(present, added);
      if (equal && isSame(present.selector, added.selector)) separate = false;
    }
    if (separate) merged.push(added);
  }
  return merged;
}

function mergeRule(first: Consolidated, later: Consolidated): Consolidated {
  const names = new Set(first.subsets.map((subset) => subset.name));
  return {
    ...first,
    ids: [...first.ids, ...later.ids],
    trafficPolicy: first.trafficPolicy ?? later.trafficPolicy,
    subsets: [...first.subsets, ...later.subsets.filter((subset) => !names.has(subset.name))],
  };
}

/** The first whose selector chooses the workload, and only workloads of its own namespace; else the last without one (Istio). */
function choose(rules: readonly Found<Consolidated>[], scope: Scope): MergedRule | null {
  const selecting = rules.find(
    ({ rule, namespace }) =>
      rule.selector !== undefined &&
      namespace === scope.namespace &&
      Object.entries(rule.selector).every(([key, value]) => scope.labels[key] === value),
  );
  return (selecting ?? rules.findLast(({ rule }) => rule.selector === undefined))?.rule ?? null;
}

/** The blocks that hold for one cluster. */
export interface ClusterPolicy {
  readonly loadBalancer?: LoadBalancerSpec | undefined;
  readonly connectionPool?: ConnectionPoolSpec | undefined;
  readonly outlierDetection?: OutlierDetectionSpec | undefined;
  readonly tls?: ClientTlsSpec | undefined;
  readonly retryBudget?: TrafficPolicySpec['retryBudget'];
  readonly tunnel?: TrafficPolicySpec['tunnel'];
  readonly proxyProtocol?: TrafficPolicySpec['proxyProtocol'];
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
    ...threeMore({
      retryBudget: own.retryBudget ?? base.retryBudget,
      tunnel: own.tunnel ?? base.tunnel,
      proxyProtocol: own.proxyProtocol ?? base.proxyProtocol,
    }),
  };
  const entry = own.portLevelSettings?.find((candidate) => candidate.port?.number === port);
  return entry === undefined ? merged : { ...fourBlocks(entry), ...threeMore(merged) };
}

function atPort(policy: TrafficPolicySpec | undefined, port: number): ClusterPolicy {
  if (policy === undefined) return {};
  const entry = policy.portLevelSettings?.find((candidate) => candidate.port?.number === port);
  if (entry === undefined) return { ...fourBlocks(policy), ...threeMore(policy) };
  return fourBlocks(entry);
}

function fourBlocks(from: ClusterPolicy): ClusterPolicy {
  const { loadBalancer, connectionPool, outlierDetection, tls } = from;
  return { loadBalancer, connectionPool, outlierDetection, tls };
}

/** What a port's entry cannot say. */
function threeMore({ retryBudget, tunnel, proxyProtocol }: ClusterPolicy): ClusterPolicy {
  return { retryBudget, tunnel, proxyProtocol };
}
