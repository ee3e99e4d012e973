/**
 * The first contact: all that is known is a URL and a join token. The roots are read over a connection that proves nothing, and one
 * of them is believed because the token carries its fingerprint. No secret is sent before that.
 */
import { MeshError } from '../../base/errors.js';
import type { TrustBundle } from '../../ports/identity.js';
import { findPinned, trustBundle } from '../../security/bundle/bundle.js';
import { openSession } from './connection.js';
import { requestJson } from './request.js';
import { parseBundleResponse } from './wire.js';

/**
 * The trust bundle with the one root that `pin` names; the others come later, from the service that it vouches for.
 * @param pin SHA-256 of the root's DER, hex in lower case
 * @throws MeshError `HEDDLE_PEER_UNTRUSTED` if no root has that fingerprint
 */
export async function bootstrapTrust(url: URL, pin: string, signal: AbortSignal): Promise<TrustBundle> {
  const session = await openSession(url, { kind: 'unverified' }, signal);
  try {
    const answer = await requestJson(session, { method: 'GET', path: '/v1/bundle' }, signal);
    if (answer.status !== 200) {
      throw new MeshError(
        `${url.origin} answered ${answer.status} to GET /v1/bundle: is it a Heddle config service?`,
        { code: 'HEDDLE_PROTOCOL_ERROR' },
      );
    }
    const { trustDomain, roots } = parseBundleResponse(answer.value);
    const root = findPinned(roots, pin);
    // It also refuses a leaf: a pinned leaf must not become a root.
    if (root !== undefined) return trustBundle(trustDomain, [root]);
  } finally {
    session.destroy();
  }
  throw new MeshError(
    `none of the roots at ${url.origin} is the one that the join token names (SHA-256 ${pin.slice(0, 16)}…): the token is of another mesh, or somebody stands in between. The token was not sent. Make a new one with \`heddle token create\``,
    { code: 'HEDDLE_PEER_UNTRUSTED' },
  );
}
