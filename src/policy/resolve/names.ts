/**
 * Names of services and gateways, made full; and who may see what.
 * @source Istio `pilot/pkg/model/config.go` ResolveShortnameToFQDN; spec traffic.md §1
 */

/** @source Istio's default `domainSuffix` */
export const DOMAIN_SUFFIX = 'cluster.local';
/** @source Istio's default `rootNamespace` */
export const ROOT_NAMESPACE = 'istio-system';

/** A name without a dot belongs to the namespace of the resource that says it; any other stays as it is. In lower case. */
export function fullName(name: string, namespace: string): string {
  const host = name.toLowerCase();
  if (host === '*' || host.includes('.') || host.includes(':')) return host;
  return `${host}.${namespace}.svc.${DOMAIN_SUFFIX}`;
}

const IN_CLUSTER = /^([^.*]+)\.([^.]+)\.svc\.cluster\.local$/;

/** Namespace of an in-cluster name, or undefined. */
export function namespaceOf(host: string): string | undefined {
  return IN_CLUSTER.exec(host)?.[2];
}

/** The other names by which a workload of `namespace` may call an in-cluster host: `reviews`, `reviews.ns`, `reviews.ns.svc`. */
export function shortNames(host: string, namespace: string): string[] {
  const found = IN_CLUSTER.exec(host);
  if (found === null) return [];
  const [, name, own] = found;
  const names = [`${name}.${own}`, `${name}.${own}.svc`];
  return own === namespace ? [name!, ...names] : names;
}

/** `mesh`, or `namespace/name`. */
export function fullGateway(gateway: string, namespace: string): string {
  if (gateway === 'mesh') return gateway;
  if (gateway.startsWith('./')) return `${namespace}/${gateway.slice(2)}`;
  if (gateway.includes('/')) return gateway;
  const [name, of] = gateway.split('.');
  return of === undefined ? `${namespace}/${gateway}` : `${of}/${name}`;
}

/** How a resource is exported to a client's namespace; null: it is not. */
export function exported(
  exportTo: readonly string[] | undefined,
  owner: string,
  client: string,
): 'private' | 'named' | 'public' | null {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes('*')) return 'public';
  if (exportTo.includes('~')) return null;
  if (owner === client && (exportTo.includes('.') || exportTo.includes(owner))) return 'private';
  return exportTo.includes(client) ? 'named' : null;
}
