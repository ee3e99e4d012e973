/** Our own bundle, as we tell it to foreign trust domains: with a number that grows with each change, over restarts and replicas. */
import { createHash } from 'node:crypto';
import type { Source, TrustBundle } from 'heddle/ports';
import { formatSpiffeBundle } from 'heddle/security';
import { OWN_BUNDLE_KEY } from '../keys.js';
import type { Store } from '../store/store.js';

/** New roots are in the bundle long before they sign; 5 minutes are what the standard takes where nothing is said. */
const REFRESH_HINT_S = 300;

interface Numbered {
  readonly sequence: number;
  /** Of the roots. */
  readonly hash: string;
}

/** The document as it is now, JSON. */
export async function ownBundle(store: Store, bundle: Source<TrustBundle>): Promise<string> {
  const { roots } = bundle.current();
  const hash = createHash('sha256').update(roots.join('')).digest('hex');
  for (;;) {
    const entry = await store.get(OWN_BUNDLE_KEY);
    const present = entry?.value as Numbered | undefined;
    if (present?.hash === hash)
      return formatSpiffeBundle({
        roots,
        sequence: BigInt(present.sequence),
        refreshHintS: REFRESH_HINT_S,
      });
    const value: Numbered = { sequence: (present?.sequence ?? 0) + 1, hash };
    await store.commit({
      compares: [{ key: OWN_BUNDLE_KEY, modRevision: entry?.modRevision ?? 0 }],
      operations: [{ type: 'put', key: OWN_BUNDLE_KEY, value }],
    });
  }
}
