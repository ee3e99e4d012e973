/** What a grpc-js target names, in the mesh's words. */
import { MeshError } from 'heddle';

/** Schemes of grpc-js whose rest is a host and a port: in a mesh they all name the service. */
const OF_A_HOST = /^(?:heddle|dns|passthrough|xds|ipv4|ipv6):(?:\/\/[^/]*\/)?/;
const OTHER = /^[a-z][a-z0-9+.-]*:(?:\/|[^\d:])/i;

/**
 * The authority that a channel's calls go to.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if it names no host
 * @example authorityOf('heddle:///reviews:9080'); // => 'reviews:9080'
 */
export function authorityOf(target: string): string {
  const authority = target.replace(OF_A_HOST, '');
  if (authority === '' || authority.includes('/') || authority.includes(',') || OTHER.test(authority))
    throw new MeshError(`'${target}' names no service of a mesh: use host:port or heddle:///host:port`, {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  return authority;
}
