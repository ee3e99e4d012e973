/**
 * Several trust domains: the bundles of foreign ones stand beside ours and are never merged with it, because then each could make up
 * identities of the others.
 * @source SPIFFE_Federation.md §4.2, §7.3
 */
import { MeshError } from '../../base/errors.js';
import type { ForeignBundle, TrustBundle } from '../../ports/identity.js';
import { trustBundle } from './bundle.js';

/** Most foreign trust domains of one mesh. */
export const MAX_FEDERATED = 256;

/**
 * `bundle` with those of `foreign` trust domains beside it, in place of what it had; each is checked.
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` for one that is no bundle, one of our own trust domain, two of one, or too many
 */
export function withFederated(bundle: TrustBundle, foreign: readonly ForeignBundle[]): TrustBundle {
  const { federated: _, ...ours } = bundle;
  if (foreign.length === 0) return ours;
  if (foreign.length > MAX_FEDERATED)
    throw invalid(`at most ${MAX_FEDERATED} trust domains can be federated`);
  const federated = foreign.map((one) => trustBundle(one.trustDomain, one.roots));
  const names = new Set(federated.map((one) => one.trustDomain));
  // Whoever could add roots to our own domain by another way than our authority could be anybody in it.
  if (names.has(ours.trustDomain))
    throw invalid(`${ours.trustDomain} is our own trust domain, and not a foreign one`);
  if (names.size < federated.length) throw invalid('a foreign trust domain has two bundles');
  return { ...ours, federated };
}

/** `bundle` as it came from elsewhere, checked in all its parts. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export function checkedBundle({ trustDomain, roots, denied, federated = [] }: TrustBundle): TrustBundle {
  return withFederated(trustBundle(trustDomain, roots, denied), federated);
}

/** The roots that speak for `trustDomain`; undefined if it is neither ours nor federated. */
export function rootsFor(bundle: TrustBundle, trustDomain: string): readonly string[] | undefined {
  if (trustDomain === bundle.trustDomain) return bundle.roots;
  return bundle.federated?.find((one) => one.trustDomain === trustDomain)?.roots;
}

function invalid(because: string): MeshError {
  return new MeshError(because, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
