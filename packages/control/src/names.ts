/** Names as Kubernetes has them, and the hosts that are made of them. Pure. */

/** A DNS label. @source RFC 1123 §2.1 */
export function isLabel(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** Labels with dots between them, 253 characters at most. */
export function isSubdomain(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 253 && text.split('.').every(isLabel);
}

/** Behind every service's name. @source Istio `constants.DefaultClusterLocalDomain` */
export const DOMAIN_SUFFIX = 'svc.cluster.local';

/**
 * FQDN of a service of `namespace`, from its short name or from its FQDN.
 * @returns undefined if it is not one, or one of another namespace
 */
export function serviceHost(service: string, namespace: string): string | undefined {
  const suffix = `.${namespace}.${DOMAIN_SUFFIX}`;
  const name = service.endsWith(suffix) ? service.slice(0, -suffix.length) : service;
  return isLabel(name) ? `${name}${suffix}` : undefined;
}
