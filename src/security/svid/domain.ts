import { createHash } from 'node:crypto';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { TrustBundle } from '../../ports/identity.js';
import { rootsFor } from '../bundle/federated.js';
import { pathFault } from './chain.js';

/**
 * Does a chain lead to a root of the trust domain that its leaf names? OpenSSL knows one pool of roots, in which a foreign authority
 * could vouch for anybody: what came through its handshake is looked at once more, where there is more than one trust domain.
 * @source SPIFFE Workload API §4.6; SPIFFE_Federation.md §7.3
 */

/** Leaves that were found good, by the bundle that they were found good by: signatures are looked at once. */
const VOUCHED = new WeakMap<TrustBundle, Set<string>>();
/** Far more peers than one process has; the ones found good first are forgotten. */
const MOST_VOUCHED = 20_000;

/**
 * Why the bundle of the peer's own trust domain does not vouch for it; null if it does, or if there is but one trust domain. Costs two
 * signatures, some 0.3 ms, with the first connection of each certificate.
 * @param chain DER, leaf first, as it came through a handshake with the roots of `bundle`
 */
export function domainFault(chain: readonly Uint8Array[], id: SpiffeId, bundle: TrustBundle): string | null {
  const [leaf] = chain;
  if (bundle.federated === undefined || leaf === undefined) return null;
  let vouched = VOUCHED.get(bundle);
  if (vouched === undefined) VOUCHED.set(bundle, (vouched = new Set()));
  const hash = createHash('sha256').update(leaf).digest('base64');
  if (vouched.has(hash)) return null;
  const because = pathOf(chain, id, bundle);
  if (because !== null) return `${id} is not vouched for by the roots of its own trust domain: ${because}`;
  vouched.add(hash);
  if (vouched.size > MOST_VOUCHED) vouched.delete(vouched.values().next().value!);
  return null;
}

function pathOf(chain: readonly Uint8Array[], id: SpiffeId, bundle: TrustBundle): string | null {
  try {
    // What is no foreign name is one of ours: a former one. Its dates OpenSSL has looked at.
    return pathFault(chain, rootsFor(bundle, id.trustDomain) ?? bundle.roots, null);
  } catch {
    return 'its certificate cannot be read';
  }
}

/** Is it a foreign trust domain that we know the roots of? */
export function isFederated(bundle: TrustBundle | undefined, trustDomain: string): boolean {
  return bundle?.federated?.some((one) => one.trustDomain === trustDomain) ?? false;
}
