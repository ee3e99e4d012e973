/** One message of the Workload API → the identity that it says, whole and checked, or what is wrong with it. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import {
  type ForeignBundle,
  isMeshError,
  MeshError,
  SpiffeId,
  type Svid,
  type TrustBundle,
} from 'heddle/ports';
import { MAX_FEDERATED, MAX_ROOTS, receiveSvid, toPem, withFederated } from 'heddle/security';
import { splitDer } from './der.js';
import type { X509SvidMessage, X509SvidResponse } from './service.js';

/** All that a message says; it replaces all that the one before said. */
export interface WorkloadState {
  readonly svid: Svid;
  /** With the foreign trust domains beside it. */
  readonly bundle: TrustBundle;
}

/** Leaf and intermediates. */
const MAX_CHAIN = 10;

/**
 * @param hint which SVID to take where there are several; undefined: the first, which is the default
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` naming what is missing or wrong; nothing of a key is in it
 */
export function readState(
  response: X509SvidResponse,
  { hint, wallNow }: { readonly hint: string | undefined; readonly wallNow: number },
): WorkloadState {
  const message =
    hint === undefined ? response.svids[0] : response.svids.find((candidate) => candidate.hint === hint);
  if (message === undefined)
    throw wrong(hint === undefined ? 'it has no SVID' : `it has no SVID with the hint "${hint}"`);
  try {
    return read(message, response, wallNow);
  } catch (error) {
    if (!isMeshError(error, 'HEDDLE_INVALID_ARGUMENT')) throw error;
    throw wrong(error.message.slice(`[${error.code}] `.length));
  }
}

function read(message: X509SvidMessage, response: X509SvidResponse, wallNow: number): WorkloadState {
  const { spiffe_id: spiffeId, x509_svid: chain, bundle: roots } = message;
  if (spiffeId === '') throw wrong('it has no SPIFFE ID');
  const key = keyOf(message);
  const issued = {
    spiffeId,
    trustDomain: SpiffeId.parse(spiffeId).trustDomain,
    chain: certificates(chain, MAX_CHAIN, 'the SVID'),
    roots: certificates(roots, MAX_ROOTS, 'the trust bundle'),
  };
  const { svid, bundle } = receiveSvid(issued, key, wallNow);
  return { svid, bundle: withFederated(bundle, foreignOf(response)) };
}

function foreignOf(response: X509SvidResponse): readonly ForeignBundle[] {
  const entries = Object.entries(response.federated_bundles);
  if (entries.length > MAX_FEDERATED) throw wrong(`it has more than ${MAX_FEDERATED} federated bundles`);
  return entries.map(([id, roots]) => {
    // The standard says SPIFFE IDs; some servers have sent bare names.
    const { trustDomain, path } = SpiffeId.parse(id.includes('://') ? id : `spiffe://${id}`);
    if (path !== '') throw wrong('a federated bundle is not that of a trust domain');
    return { trustDomain, roots: certificates(roots, MAX_ROOTS, `the bundle of ${trustDomain}`) };
  });
}

function keyOf({ x509_svid_key: der }: X509SvidMessage): KeyObject {
  if (der.length === 0) throw wrong('it has no private key');
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    // Without its cause: what OpenSSL says of a key is nobody's business.
    throw wrong('its private key cannot be read; expected PKCS#8, DER, unencrypted');
  }
}

function certificates(der: Buffer, most: number, what: string): readonly string[] {
  const parts = splitDer(der, most);
  if (parts === null || parts.length === 0)
    throw wrong(`${what} is not a sequence of 1 to ${most} DER certificates`);
  return parts.map((part) => toPem('CERTIFICATE', part));
}

function wrong(because: string): MeshError {
  return new MeshError(`the message of the Workload API is refused: ${because}`, {
    code: 'HEDDLE_IDENTITY_UNAVAILABLE',
  });
}
