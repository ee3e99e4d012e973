/**
 * Asks a bundle endpoint of a foreign trust domain. @source SPIFFE_Federation.md §5.2
 */
import type { Clock } from 'heddle/ports';
import { MAX_BUNDLE_LENGTH, verifyPeer } from 'heddle/security';
import { type HttpsTextOptions, httpsText } from '../https-text.js';
import type { BundleEndpoint } from './relation.js';

export interface FetchFacts {
  readonly clock: Clock;
  /** Roots of the trust domain that the endpoint's SPIFFE ID is of, PEM; of no meaning for `https_web`. */
  readonly roots: readonly string[];
  /** For `https_web`, PEM; null: the platform's. */
  readonly webRoots: readonly string[] | null;
  /** Ends it earlier. */
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 10_000;

/** The text of the bundle. Rejects if it cannot be had: whatever the reason, what was good stays. */
export async function fetchBundle(endpoint: BundleEndpoint, facts: FetchFacts): Promise<string> {
  const limit = new AbortController();
  const timer = facts.clock.after(TIMEOUT_MS, () =>
    limit.abort(new Error(`it took longer than ${TIMEOUT_MS} ms`)),
  );
  const onAbort = () => limit.abort(facts.signal.reason);
  if (facts.signal.aborted) onAbort();
  facts.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const common = { maxLength: MAX_BUNDLE_LENGTH, signal: limit.signal };
    return await httpsText(endpoint.url, { ...common, ...recognise(endpoint, facts) });
  } finally {
    timer.cancel();
    facts.signal.removeEventListener('abort', onAbort);
  }
}

function recognise(
  endpoint: BundleEndpoint,
  { roots, webRoots }: FetchFacts,
): Pick<HttpsTextOptions, 'ca' | 'checkServerIdentity'> {
  if (endpoint.profile === 'https_web') return webRoots === null ? {} : { ca: webRoots };
  // An empty list would be the platform's roots, and a SPIFFE ID in a certificate of these is worth nothing.
  if (roots.length === 0) throw new Error(`no bundle vouches for ${endpoint.spiffeId}`);
  return {
    ca: roots,
    checkServerIdentity: (_host, certificate) => {
      const verdict = verifyPeer(certificate, { expected: [endpoint.spiffeId] });
      return verdict.kind === 'trusted' ? undefined : new Error(`the server: ${verdict.because}`);
    },
  };
}
