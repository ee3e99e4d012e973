/**
 * The first contact: all that is known is a URL, a token and the fingerprints of roots. The roots are read over a connection that proves
 * nothing, and those are believed whose fingerprints are known. No secret is sent before that.
 */
import { MeshError } from '../../base/errors.js';
import type { TrustBundle } from '../../ports/identity.js';
import { fingerprint, trustBundle } from '../../security/bundle/bundle.js';
import { openSession } from './connection.js';
import { requestJson } from './request.js';
import { parseBundleResponse } from './wire.js';

/**
 * The trust bundle with the roots that `pins` name; the others come later, from the service that these vouch for.
 * @param pins SHA-256 of a root's DER, hex in lower case, one or more
 * @throws MeshError `HEDDLE_PEER_UNTRUSTED` if no root has that fingerprint
 */
export async function bootstrapTrust(
  url: URL,
  pins: readonly string[],
  signal: AbortSignal,
): Promise<TrustBundle> {
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
    const known = roots.filter((root) => pins.includes(fingerprint(root)));
    // It also refuses a leaf: a pinned leaf must not become a root.
    if (known.length > 0) return trustBundle(trustDomain, known);
  } finally {
    session.destroy();
  }
  throw new MeshError(
    `none of the roots at ${url.origin} is the one that the join token names, or HEDDLE_CONTROL_CA_FILE (SHA-256 ${pins[0]?.slice(0, 16)}…): they are of another mesh, or somebody stands in between. The token was not sent. Make a new one with \`heddle token create\``,
    { code: 'HEDDLE_PEER_UNTRUSTED' },
  );
}
