/** How an endpoint is reached as part of a cluster: what policy says of connections and TLS, joined with what the endpoint is. */
import { isIP } from 'node:net';
import type { ConnectionSettings, Destination, TlsSettings } from '../model/destination.js';
import type { Endpoint } from '../model/endpoint.js';
import type { EffectiveCluster, EffectiveTls } from '../policy/effective.js';

export function destinationOf(cluster: EffectiveCluster, endpoint: Endpoint): Destination {
  const connection: ConnectionSettings = {
    ...cluster.connection,
    maxConnections: cluster.connection.maxConnections ?? Number.POSITIVE_INFINITY,
    ...(cluster.proxyProtocol !== undefined && { proxyProtocol: cluster.proxyProtocol }),
  };
  const tls = tlsFor(cluster.tls, endpoint);
  return {
    // The same key means that the same pool can go on serving: it names all that a connection depends on.
    key: JSON.stringify([cluster.name, endpoint.key, connection, tls, endpoint.name]),
    cluster: cluster.name,
    endpoint,
    connection,
    tls,
  };
}

/**
 * Auto mTLS is per endpoint: mesh identity where the endpoint takes it. The peer has to prove the very identity it registered
 * with, unless policy names others.
 */
function tlsFor(policy: EffectiveTls, endpoint: Endpoint): TlsSettings | null {
  switch (policy.mode) {
    case 'disable':
      return null;
    case 'auto':
    case 'mesh':
      if (policy.mode === 'auto' && !endpoint.mtls) return null;
      return {
        mode: 'mesh',
        sni: policy.sni,
        subjectAltNames:
          policy.subjectAltNames ?? (endpoint.spiffeId === undefined ? [] : [endpoint.spiffeId]),
      };
    default:
      return { ...(policy as TlsSettings), sni: policy.sni || nameOf(endpoint) };
  }
}

/** Without a name a server of many would not know which certificate to show. Empty: it has none. */
function nameOf({ name, address }: Endpoint): string {
  if (name !== undefined) return name;
  return isIP(address) === 0 && !address.startsWith('unix:') ? address : '';
}
