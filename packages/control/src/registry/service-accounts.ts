/**
 * Who may serve a service. Callers trust an endpoint by the identity that it registered with, so not everybody who has an identity may
 * register for every name: a service is served by the service account of its own name, or by those that its Service document names
 * in an annotation. Pure.
 */
import type { Resource } from 'heddle/policy';
import { serviceHost } from '../names.js';

/** On a v1 Service: names of service accounts of its namespace, with commas between them; they replace the default. */
export const SERVICE_ACCOUNTS = 'heddle.dev/service-accounts';

export class ServiceAccounts {
  /** By host. */
  readonly #named = new Map<string, readonly string[]>();

  constructor(resources: readonly Resource[]) {
    for (const { kind, apiVersion, metadata } of resources) {
      const names = metadata.annotations?.[SERVICE_ACCOUNTS];
      if (kind !== 'Service' || apiVersion !== 'v1' || names === undefined) continue;
      const host = serviceHost(metadata.name, metadata.namespace);
      if (host !== undefined)
        this.#named.set(
          host,
          names.split(',').map((name) => name.trim()),
        );
    }
  }

  /** @param service short name or FQDN, of `namespace` */
  mayServe(service: string, namespace: string, serviceAccount: string): boolean {
    const host = serviceHost(service, namespace);
    if (host === undefined) return false;
    const named = this.#named.get(host);
    return named === undefined
      ? host === serviceHost(serviceAccount, namespace)
      : named.includes(serviceAccount);
  }
}
