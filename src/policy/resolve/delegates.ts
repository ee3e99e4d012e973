/**
 * Delegates: rules of a VirtualService that stand in another one. One level deep; a delegate that is missing, or that its owner
 * does not show to the root, takes only the rule with it that names it.
 * @source Istio `pilot/pkg/model/virtualservice.go` MergeHTTPRoutes; spec traffic.md §2.12
 */
import type { StringMatchSpec } from '../kinds/common.js';
import type {
  DelegateSpec,
  HttpMatchSpec,
  HttpRouteSpec,
  VirtualServiceSpec,
} from '../kinds/virtual-service.js';
import { exported, fullGateway, fullName } from './names.js';
import type { Typed } from './typed.js';

type VirtualService = Typed<VirtualServiceSpec>;

/** A rule, its names made full, and the place in the root's `http[]` that it comes from. */
export interface PlacedRule {
  readonly index: number;
  readonly rule: HttpRouteSpec;
  /** `ns/name` of the delegate in which it stands. */
  readonly delegate?: string;
}

/** `ns/name` of the delegates that a VirtualService names. */
export function delegatesOf({ spec, metadata }: VirtualService): string[] {
  return (spec.http ?? []).flatMap((rule) => {
    return rule.delegate === undefined ? [] : [delegateId(rule.delegate, metadata.namespace)];
  });
}

function delegateId({ name, namespace }: DelegateSpec, root: string): string {
  return `${namespace || root}/${name ?? ''}`;
}

/** The rules of `root` in order, each delegate's in the place of the rule that names it. @param find by `ns/name` */
export function rulesOf(
  root: VirtualService,
  find: (id: string) => VirtualService | undefined,
): PlacedRule[] {
  const { namespace } = root.metadata;
  return (root.spec.http ?? []).flatMap((rule, index) => {
    const own = inFull(rule, namespace);
    if (rule.delegate === undefined) return [{ index, rule: own }];
    const delegate = find(delegateId(rule.delegate, namespace));
    if (delegate === undefined || !isDelegateFor(delegate, namespace)) return [];
    return (delegate.spec.http ?? [])
      .filter((leaf) => leaf.delegate === undefined)
      .flatMap((leaf) => mergeRules(own, inFull(leaf, delegate.metadata.namespace)) ?? [])
      .map((merged) => ({ index, rule: merged, delegate: delegate.id }));
  });
}

/** With hosts of its own it is a VirtualService like any other, not a part of one. */
function isDelegateFor({ spec, metadata }: VirtualService, root: string): boolean {
  return (spec.hosts ?? []).length === 0 && exported(spec.exportTo, metadata.namespace, root) !== null;
}

/** A short name belongs to the namespace of the document that says it. */
function inFull(rule: HttpRouteSpec, namespace: string): HttpRouteSpec {
  const full = <T extends { readonly host: string }>(target: T): T => ({
    ...target,
    host: fullName(target.host, namespace),
  });
  return {
    ...rule,
    ...(rule.match && {
      match: rule.match.map((match) =>
        match.gateways === undefined
          ? match
          : { ...match, gateways: match.gateways.map((gateway) => fullGateway(gateway, namespace)) },
      ),
    }),
    ...(rule.route && {
      route: rule.route.map((entry) => ({ ...entry, destination: full(entry.destination) })),
    }),
    ...(rule.mirror && { mirror: full(rule.mirror) }),
    ...(rule.mirrors && {
      mirrors: rule.mirrors.map((mirror) =>
        mirror.destination === undefined ? mirror : { ...mirror, destination: full(mirror.destination) },
      ),
    }),
  };
}

/** What the root fills in where the delegate says nothing: whole blocks, nothing is merged within one. */
const FILLED = [
  'rewrite',
  'directResponse',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirror_percent',
  'mirrorPercentage',
  'mirrors',
  'corsPolicy',
  'headers',
] as const;

/** undefined: their conditions contradict each other. */
export function mergeRules(root: HttpRouteSpec, leaf: HttpRouteSpec): HttpRouteSpec | undefined {
  const match = mergeMatches(root.match ?? [], leaf.match ?? []);
  if (match === undefined) return undefined;
  const merged: Record<string, unknown> = { ...leaf, match, name: joinNames(root.name, leaf.name) };
  for (const block of FILLED) merged[block] ??= root[block];
  return merged as HttpRouteSpec;
}

function joinNames(root: string | undefined, leaf: string | undefined): string | undefined {
  if (!leaf) return root;
  return root ? `${root}-${leaf}` : leaf;
}

/** One for each pair that goes together. Every match of the delegate must go with one of the root's at least. */
function mergeMatches(
  root: readonly HttpMatchSpec[],
  leaf: readonly HttpMatchSpec[],
): HttpMatchSpec[] | undefined {
  if (root.length === 0) return [...leaf];
  if (leaf.length === 0) return [...root];
  const merged: HttpMatchSpec[] = [];
  for (const one of leaf) {
    const fitting = root.filter((other) => !conflicts(other, one));
    if (fitting.length === 0) return undefined;
    merged.push(...fitting.map((other) => mergeMatch(other, one)));
  }
  return merged;
}

function mergeMatch(root: HttpMatchSpec, leaf: HttpMatchSpec): HttpMatchSpec {
  const union = <T>(
    one: Readonly<Record<string, T>> | undefined,
    other: Readonly<Record<string, T>> | undefined,
  ) => (one === undefined && other === undefined ? undefined : { ...one, ...other });
  return {
    ...leaf,
    name: joinNames(root.name, leaf.name),
    uri: leaf.uri ?? root.uri,
    scheme: leaf.scheme ?? root.scheme,
    method: leaf.method ?? root.method,
    authority: leaf.authority ?? root.authority,
    headers: union(root.headers, leaf.headers),
    withoutHeaders: union(root.withoutHeaders, leaf.withoutHeaders),
    queryParams: union(root.queryParams, leaf.queryParams),
    port: leaf.port || root.port,
    sourceLabels: union(root.sourceLabels, leaf.sourceLabels),
    sourceNamespace: leaf.sourceNamespace || root.sourceNamespace,
    gateways: leaf.gateways?.length ? leaf.gateways : root.gateways,
  };
}

function conflicts(root: HttpMatchSpec, leaf: HttpMatchSpec): boolean {
  const texts = ['uri', 'scheme', 'method', 'authority'] as const;
  if (texts.some((part) => textsConflict(root[part], leaf[part]))) return true;
  const maps = ['headers', 'withoutHeaders', 'queryParams'] as const;
  for (const part of maps)
    for (const [name, match] of Object.entries(leaf[part] ?? {}))
      if (textsConflict(own(root[part], name), match)) return true;
  if ((root.ignoreUriCase ?? false) !== (leaf.ignoreUriCase ?? false)) return true;
  if (root.port && leaf.port && root.port !== leaf.port) return true;
  if (root.sourceNamespace && leaf.sourceNamespace !== root.sourceNamespace) return true;
  for (const [name, value] of Object.entries(leaf.sourceLabels ?? {})) {
    const asked = own(root.sourceLabels, name);
    if (asked !== undefined && asked !== value) return true;
  }
  const [wide, narrow] = [root.gateways ?? [], leaf.gateways ?? []];
  if (wide.length === 0 || narrow.length === 0) return false;
  return wide.length < narrow.length || narrow.some((gateway) => !wide.includes(gateway));
}

function own<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The delegate may narrow what the root says, never widen it. An expression cannot be compared with anything. */
function textsConflict(root: StringMatchSpec | undefined, leaf: StringMatchSpec | undefined): boolean {
  if (root === undefined || leaf === undefined) return false;
  if (root.regex || leaf.regex) return true;
  if (root.exact) return leaf.exact !== root.exact;
  if (root.prefix) return !(leaf.prefix || leaf.exact || '').startsWith(root.prefix);
  // Istio: to ask only that something is there goes with nothing that the delegate may ask.
  return true;
}
