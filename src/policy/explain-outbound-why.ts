/** Why VirtualServices that name a host do not speak for it to this caller: one line for each of them. */
import { hostMatches } from './kinds/hosts.js';
import { type VirtualServiceSpec, virtualService } from './kinds/virtual-service.js';
import { exported, fullGateway, fullName } from './resolve/names.js';
import type { Resource, Scope } from './resource.js';

export interface SilentFacts {
  /** FQDN. */
  readonly host: string;
  /** `ns/name` of the VirtualServices whose rules are asked, the first one first; empty: nobody speaks. */
  readonly speaking: readonly string[];
  readonly protocol: 'http' | 'tls' | 'tcp';
}

export function whySilent(resources: readonly Resource[], scope: Scope, facts: SilentFacts): string[] {
  const steps: string[] = [];
  for (const resource of resources) {
    const spec = specOf(resource);
    const { namespace, name } = resource.metadata;
    const id = `${namespace}/${name}`;
    if (spec === undefined || facts.speaking.includes(id)) continue;
    const named = (spec.hosts ?? []).some((host) => hostMatches(fullName(host, namespace), facts.host));
    const why = named ? reason(spec, namespace, scope, facts) : null;
    const too = facts.speaking.length === 0 ? '' : ' too';
    if (why !== null) steps.push(`VirtualService ${id} names it${too}, but ${why}`);
  }
  return steps;
}

function specOf({ apiVersion, kind, spec }: Resource): VirtualServiceSpec | undefined {
  if (kind !== virtualService.kind || !apiVersion.startsWith(`${virtualService.group}/`)) return undefined;
  return virtualService.schema.safeParse(spec).data;
}

function reason(
  spec: VirtualServiceSpec,
  namespace: string,
  scope: Scope,
  facts: SilentFacts,
): string | null {
  if (exported(spec.exportTo, namespace, scope.namespace) === null)
    return `it is not exported to namespace ${scope.namespace} (exportTo: ${spec.exportTo!.join(', ')})`;
  const gateways = spec.gateways?.length ? spec.gateways : ['mesh'];
  const here = scope.gateway ?? 'mesh';
  if (!gateways.some((gateway) => fullGateway(gateway, namespace) === here)) {
    const whose = here === 'mesh' ? "not for the mesh's own workloads" : `not for gateway ${here}`;
    return `it is for gateways ${gateways.join(', ')}, ${whose}`;
  }
  const rules = spec[facts.protocol];
  if (rules === undefined || rules.length === 0) return `it has no rules for ${facts.protocol}`;
  const [first] = facts.speaking;
  // At a gateway, and for connections, the rules of all that name a host are put together.
  if (first !== undefined && scope.gateway === undefined && facts.protocol === 'http')
    return `${first} names the host more closely or is older: in the mesh one VirtualService speaks for a host and port`;
  return "none of its rules is for this caller's labels, namespace or gateway, or a Sidecar hides it";
}
