/** The security policies of the mesh, each read once, kept while resources come and go. */
import { authorizationPolicy } from '../kinds/authorization-policy.js';
import type { KindDefinition } from '../kinds/kind.js';
import { meshConfig } from '../kinds/mesh-config.js';
import { peerAuthentication } from '../kinds/peer-authentication.js';
import { requestAuthentication } from '../kinds/request-authentication.js';
import type { Resource, ResourceMetadata } from '../resource.js';
import type { InboundOptions, PreparedInbound } from './inbound.js';
import { ROOT_NAMESPACE } from './names.js';
import { NamespacedList } from './namespaced-list.js';
import { compareAge } from './order.js';

interface Read<Spec> {
  readonly metadata: ResourceMetadata;
  readonly resource: Resource;
  /** null: of the wrong shape. */
  readonly spec: Spec | null;
}

class OfKind<Spec> {
  readonly definition: KindDefinition<Spec>;
  readonly list = new NamespacedList<Read<Spec>>(compareAge);

  constructor(definition: KindDefinition<Spec>) {
    this.definition = definition;
  }

  add(resource: Resource): () => void {
    const { metadata } = resource;
    const { success, data } = this.definition.schema.safeParse(resource.spec);
    const read = { metadata, resource, spec: success ? data : null };
    this.list.add(metadata.namespace, read);
    return () => this.list.remove(metadata.namespace, read);
  }

  of(namespaces: readonly string[]): ReadonlyMap<string, readonly Read<Spec>[]> {
    return new Map(namespaces.map((namespace) => [namespace, this.list.in(namespace)]));
  }
}

export class SecurityPolicies {
  readonly #peers = new OfKind(peerAuthentication);
  readonly #policies = new OfKind(authorizationPolicy);
  readonly #tokens = new OfKind(requestAuthentication);
  readonly #configs = new OfKind(meshConfig);
  readonly #all = [this.#peers, this.#policies, this.#tokens, this.#configs] as const;

  get kinds(): readonly Pick<KindDefinition, 'kind' | 'group'>[] {
    return this.#all.map(({ definition }) => definition);
  }

  /** @returns what takes it out again */
  add(resource: Resource): () => void {
    return this.#all.find(({ definition }) => definition.kind === resource.kind)!.add(resource);
  }

  /** Those of some namespaces, as resolving takes them; to be used at once. */
  of(namespaces: readonly string[], { pathNormalization = 'BASE' }: InboundOptions): PreparedInbound {
    return {
      root: ROOT_NAMESPACE,
      pathNormalization,
      peers: this.#peers.of(namespaces),
      policies: this.#policies.of(namespaces),
      tokens: this.#tokens.of(namespaces),
      configs: this.#configs.of(namespaces),
    };
  }
}
