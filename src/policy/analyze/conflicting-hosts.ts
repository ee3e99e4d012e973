/**
 * IST0109: two VirtualServices of the mesh speak for the same host where both are seen; only the older one is heard. A wildcard beside a
 * name that it covers is no conflict among rules for all (the name is more specific), but it is between those and rules for some.
 * @source Istio `pkg/config/analysis/analyzers/virtualservice/conflictingmeshgatewayhosts.go`
 */
import { hostMatches } from '../kinds/hosts.js';
import type { FieldPath } from '../kinds/kind.js';
import type { VirtualServiceSpec } from '../kinds/virtual-service.js';
import { fullName } from '../resolve/names.js';
import { fewNames } from './few-names.js';
import type { Analyzer, Subject } from './world.js';

interface Claim {
  readonly host: string;
  readonly path: FieldPath;
  readonly by: Subject<VirtualServiceSpec>;
  /** Namespaces to which it is exported. */
  readonly scope: '*' | readonly string[];
}

export const conflictingHosts: Analyzer = ({ virtualServices }, report) => {
  const claims = new ClaimIndex(virtualServices.all.flatMap(claimsOf));
  for (const by of virtualServices.asked)
    for (const claim of claimsOf(by)) {
      const others = fewNames(claims.against(claim));
      if (others === '') continue;
      report(by, {
        code: 'IST0109',
        level: 'error',
        path: claim.path,
        message: `'${claim.host}' is claimed by ${others}, too; only the oldest is heard. Merge them into one VirtualService`,
      });
      break;
    }
};

class ClaimIndex {
  readonly #equal = new Map<string, Claim[]>();
  /** Of rules for all, and of rules for some namespaces. */
  readonly #public: Claim[] = [];
  readonly #limited: Claim[] = [];

  constructor(claims: readonly Claim[]) {
    for (const claim of claims) {
      const present = this.#equal.get(claim.host);
      if (present === undefined) this.#equal.set(claim.host, [claim]);
      else present.push(claim);
      (claim.scope === '*' ? this.#public : this.#limited).push(claim);
    }
  }

  /** Ids of the others that claim what it does, one by one: whoever has heard enough can stop. */
  *against(claim: Claim): Generator<string> {
    for (const other of this.#equal.get(claim.host) ?? [])
      if (other.by.id !== claim.by.id && scopesMeet(claim.scope, other.scope)) yield other.by.id;
    const wild = claim.host.startsWith('*');
    for (const other of claim.scope === '*' ? this.#limited : this.#public)
      if ((wild || other.host.startsWith('*')) && other.by.id !== claim.by.id)
        if (hostMatches(claim.host, other.host)) yield other.by.id;
  }
}

function claimsOf(by: Subject<VirtualServiceSpec>): Claim[] {
  const { gateways = [], hosts = [], exportTo = [] } = by.spec;
  if (gateways.length > 0 && !gateways.includes('mesh')) return [];
  const { namespace } = by.metadata;
  const scope =
    exportTo.length === 0 || exportTo.includes('*')
      ? '*'
      : exportTo.filter((entry) => entry !== '~').map((entry) => (entry === '.' ? namespace : entry));
  return hosts.map((host, index) => ({
    host: fullName(host, namespace),
    path: ['spec', 'hosts', index],
    by,
    scope,
  }));
}

function scopesMeet(one: Claim['scope'], other: Claim['scope']): boolean {
  return one === '*' || other === '*' || one.some((namespace) => other.includes(namespace));
}
