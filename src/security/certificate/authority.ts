import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { SpiffeId } from '../../model/spiffe-id.js';
import { createRoot, Issuer, type IssuerPair, issueCertificate } from './issue.js';
import { type KeyType, newKey } from './keys.js';

/** The two authorities of a mesh: a root, whose key may lie anywhere, and the intermediates below it, which sign SVIDs. */

/** Clocks that are slow must find a new authority valid. */
const BACKDATE_MS = 3_600_000;
/** Ten years: a root is replaced by an overlapping one, not by expiry. */
const ROOT_LIFETIME_MS = 3_652 * 86_400_000;

export interface AuthorityWish {
  readonly trustDomain: string;
  readonly keyType: KeyType;
  /** Milliseconds since the epoch. */
  readonly wallNow: number;
  /** @default ten years for a root */
  readonly lifetimeMs?: number;
}

/** A self-signed root with a new key. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export async function makeRoot(wish: AuthorityWish): Promise<IssuerPair> {
  return createRoot({
    trustDomain: wish.trustDomain,
    commonName: nameOf(wish.trustDomain, 'root'),
    key: await newKey(wish.keyType),
    lifetimeMs: wish.lifetimeMs ?? ROOT_LIFETIME_MS,
    wallNow: wish.wallNow,
    backdateMs: BACKDATE_MS,
    // The one that signs, and during a change of roots the next root, vouched for.
    pathLength: 2,
  });
}

export interface IntermediateWish extends AuthorityWish {
  readonly root: IssuerPair;
  readonly lifetimeMs: number;
}

/** An intermediate with a new key; it ends with the root at the latest. @throws MeshError `HEDDLE_INVALID_ARGUMENT` */
export async function makeIntermediate(wish: IntermediateWish): Promise<IssuerPair> {
  const key = await newKey(wish.keyType);
  return { certificate: signIntermediate({ ...wish, publicKey: createPublicKey(key) }), key };
}

export interface IntermediateSignature extends Omit<IntermediateWish, 'keyType'> {
  /** Whose private part stays where it is: that of a request (`parseRequest`). */
  readonly publicKey: KeyObject;
}

/**
 * An intermediate for a key that somebody else has; it ends with the root at the latest.
 * @returns PEM
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` if the key is too weak, or the root's does not belong to its certificate
 */
export function signIntermediate(wish: IntermediateSignature): string {
  const issuer = new Issuer(wish.root);
  return issueCertificate({
    issuer,
    publicKey: wish.publicKey,
    spiffeId: SpiffeId.parse(`spiffe://${wish.trustDomain}`),
    commonName: nameOf(wish.trustDomain, 'intermediate'),
    isCa: true,
    notBefore: wish.wallNow - BACKDATE_MS,
    notAfter: Math.min(wish.wallNow + wish.lifetimeMs, issuer.notAfter),
  });
}

/** Two authorities of one name would be told apart by their key identifiers only, which some programs do not look at. */
function nameOf(trustDomain: string, kind: string): string {
  const end = ` ${kind} ${randomBytes(4).toString('hex')}`;
  return trustDomain.slice(0, 64 - end.length) + end;
}
