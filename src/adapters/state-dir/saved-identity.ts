/** The SVID, its key and the trust bundle on disk. Read back, they are checked as if an authority had sent them. */
import { z } from 'zod';
import type { Clock } from '../../base/clock.js';
import type { Svid, TrustBundle } from '../../ports/identity.js';
import { MAX_ROOTS } from '../../security/bundle/bundle.js';
import { checkedBundle, MAX_FEDERATED } from '../../security/bundle/federated.js';
import { readPrivateKey, receiveSvid } from '../../security/svid/receive.js';
import type { Generations } from './generations.js';

export interface SavedIdentity {
  readonly svid: Svid;
  readonly bundle: TrustBundle;
}

const pem = z.string().min(1).max(65_536);
const names = z.array(z.string().max(2_048)).max(10_000);

const schema = z.object({
  chain: z.array(pem).min(1).max(9),
  key: pem,
  roots: z.array(pem).min(1).max(MAX_ROOTS),
  denied: z.object({ serials: names, ids: names, keys: names }).optional(),
  federated: z
    .array(z.object({ trustDomain: z.string().min(1).max(255), roots: z.array(pem).min(1).max(MAX_ROOTS) }))
    .max(MAX_FEDERATED)
    .optional(),
});

export function saveIdentity(files: Generations, { svid, bundle }: SavedIdentity): void {
  const body = () =>
    JSON.stringify({
      chain: svid.chain,
      key: svid.key.export({ type: 'pkcs8', format: 'pem' }),
      roots: bundle.roots,
      denied: bundle.denied,
      federated: bundle.federated,
    });
  files.save({ trustDomain: bundle.trustDomain, body });
}

/**
 * The identity of before, or null if none was saved.
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if it has ended, or cannot be believed; nothing of the key is in it
 */
export function loadIdentity(files: Generations, clock: Clock): Promise<SavedIdentity | null> {
  return files.load((body, { trustDomain }) => {
    const { chain, key, roots, denied, federated } = schema.parse(parse(body));
    const issued = { chain, roots, trustDomain };
    const { svid, bundle } = receiveSvid(issued, readPrivateKey(key), clock.wallNow());
    const more = { ...(denied && { denied }), ...(federated && { federated }) };
    return { svid, bundle: checkedBundle({ trustDomain, roots: bundle.roots, ...more }) };
  });
}

/** What `JSON.parse` says shows a piece of the text, and a key is in it. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error('it is not JSON');
  }
}
