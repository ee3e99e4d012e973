/**
 * First contact. The operator's token carries the fingerprint of the mesh's root; the service must show a certificate for its own
 * identity below that root before it gets to see the token.
 */
import { Agent, type RequestOptions } from 'node:https';
import { type BundleResponse, parseToken, SpiffeId } from 'heddle/ports';
import { findPinned, type TrustBundle, trustBundle, verifyPeer } from 'heddle/security';
import { exchange } from './http.js';
import { CliError } from './io.js';
import { UntrustedError } from './refusal.js';

const TLS = { minVersion: 'TLSv1.3' } as const;

/**
 * Connections to the service at `url` that end where it is not the one that `token` is for.
 * @throws CliError `untrusted` if none of its roots has the token's fingerprint
 */
export async function trustedAgent(url: URL, token: string): Promise<Agent> {
  const pin = parseToken(token)?.pin;
  if (pin === undefined || pin === '-') {
    const hint = 'it reads heddle1.… and lies in operator.token in the data directory of the service';
    throw new CliError('the operator token is not a token of Heddle', { hint });
  }
  // Of what is said unproven nothing is believed but the one root.
  const { trustDomain, roots } = await pinnedBundle(url, pin);
  const expected = [SpiffeId.forServiceAccount(trustDomain, 'heddle-system', 'control').toString()];
  const checkServerIdentity: RequestOptions['checkServerIdentity'] = (_host, { raw }) => {
    const verdict = verifyPeer({ raw }, { expected, trustDomains: [trustDomain] });
    return verdict.kind === 'trusted' ? undefined : new UntrustedError(verdict.because);
  };
  return new Agent({ ...TLS, ca: [...roots], checkServerIdentity, keepAlive: true });
}

async function pinnedBundle(url: URL, pin: string): Promise<TrustBundle> {
  const agent = new Agent({ ...TLS, rejectUnauthorized: false });
  try {
    const { body } = await exchange(new URL('/v1/bundle', url), { method: 'GET', headers: {}, agent });
    return findRoot(body, pin, url);
  } finally {
    agent.destroy();
  }
}

function findRoot(body: Buffer, pin: string, url: URL): TrustBundle {
  let bundle: TrustBundle | undefined;
  try {
    const { trustDomain, roots } = JSON.parse(body.toString('utf8')) as BundleResponse;
    const root = findPinned(roots, pin);
    if (root !== undefined) bundle = trustBundle(trustDomain, [root]);
  } catch {
    throw new CliError(`${url.origin} does not say what its roots are: is it a Heddle config service?`);
  }
  if (bundle !== undefined) return bundle;
  throw new CliError(
    `the service at ${url.origin} is not the one that the token is for: none of its roots has the token's fingerprint`,
    {
      code: 'untrusted',
      hint: 'the token is of another mesh, or somebody stands in between; the token was not sent',
    },
  );
}
