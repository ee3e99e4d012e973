import type { X509Certificate } from 'node:crypto';
import type { SpiffeId } from '../../model/spiffe-id.js';
import type { TrustBundle } from '../../ports/identity.js';
import { denialOf } from '../bundle/denied.js';
import { rootsFor } from '../bundle/federated.js';
import { pathFault } from '../svid/chain.js';

/**
 * Is whoever was let in once still one of those whom we trust? A handshake asks OpenSSL, once; connections live for hours, and
 * roots leave the bundle meanwhile.
 */

/**
 * How long those who are not trusted any more may finish what is under way, from when this process hears of it. Nobody is to be trusted a second after
 * a root has left, and the news takes its time, too: most of it is kept for that.
 */
export const WITHDRAWN_GRACE_MS = 400;

/** What is kept of a peer for as long as its connection lives. */
export interface KeptPeer {
  readonly id: SpiffeId;
  /** DER, leaf first, as it was presented. Where it is not known the leaf alone, which below an intermediate leads nowhere. */
  readonly chain: readonly Uint8Array[];
  /** What was trusted when the handshake began. */
  readonly bundle: TrustBundle;
}

/** A certificate as Node hands it out, with the ones that came with it. */
export interface LinkedCertificate {
  readonly raw: Uint8Array;
  readonly issuerCertificate?: LinkedCertificate | X509Certificate | undefined;
}

/** More is no chain of ours, and Node's own ends point at themselves. */
const MAX_LINKS = 10;

/**
 * The chain of `certificate`, DER, leaf first. Ask the very object that the socket gave out first: Node shows the rest of the chain
 * once only. Servers ask `clientChain`.
 * @example const chain = chainOf(socket.getPeerX509Certificate());
 */
export function chainOf(certificate: LinkedCertificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let at: LinkedCertificate | undefined = certificate;
  while (at !== undefined && chain.length < MAX_LINKS) {
    chain.push(at.raw);
    const next: LinkedCertificate | undefined = at.issuerCertificate;
    at = next === at ? undefined : next;
  }
  return chain;
}

/**
 * What to keep of a peer whose handshake has succeeded.
 * @param chain DER, leaf first
 * @param bundle what was trusted when the handshake began
 */
export function keepPeer(chain: readonly Uint8Array[], id: SpiffeId, bundle: TrustBundle): KeptPeer {
  return { id, chain, bundle };
}

/**
 * Why `bundle` does not vouch for `peer` any more; null if it does. While nobody is denied and no root withdrawn nothing is computed; afterwards it costs
 * two signatures, some 0.3 ms. That the certificate has ended meanwhile is no reason: it was its time when the connection was made.
 */
export function trustFault(peer: KeptPeer, bundle: TrustBundle): string | null {
  if (peer.bundle === bundle) return null;
  if (bundle.trustDomain !== peer.bundle.trustDomain)
    return `its trust domain was ${peer.bundle.trustDomain}, and the bundle is that of ${bundle.trustDomain}`;
  const denial = denialOf(bundle.denied, peer.chain[0] ?? new Uint8Array(), peer.id);
  if (denial !== null) return denial;
  if (holdsAll(bundle, peer.bundle)) return null;
  try {
    const roots = rootsFor(bundle, peer.id.trustDomain) ?? bundle.roots;
    const fault = pathFault(peer.chain, roots, null);
    return fault && `${peer.id} is not vouched for by the trust bundle any more: ${fault}`;
  } catch {
    return `${peer.id} showed a certificate that cannot be read again`;
  }
}

/** Does `bundle` still vouch for `peer`? {@link trustFault} says why not. */
export function stillTrusted(peer: KeptPeer, bundle: TrustBundle): boolean {
  return trustFault(peer, bundle) === null;
}

function holdsAll(now: TrustBundle, before: TrustBundle): boolean {
  if (now.trustDomain !== before.trustDomain || !holdsRoots(now.roots, before.roots)) return false;
  return (before.federated ?? []).every(({ trustDomain, roots }) => {
    const present = now.federated?.find((one) => one.trustDomain === trustDomain);
    return present !== undefined && holdsRoots(present.roots, roots);
  });
}

function holdsRoots(now: readonly string[], before: readonly string[]): boolean {
  const roots = new Set(now);
  return before.every((root) => roots.has(root));
}
