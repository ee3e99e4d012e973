/**
 * One HTTP/2 connection to the config service. The service is recognised by a chain to a root that we trust and by its SPIFFE ID,
 * never by host name, so it may be moved, and a host name that resolves elsewhere gains nothing.
 */
import { type ClientHttp2Session, connect } from 'node:http2';
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import { MeshError } from '../../base/errors.js';
import { parseUrl } from '../../base/url.js';
import type { Svid, TrustBundle } from '../../ports/identity.js';
import { verifyPeer } from '../../security/svid/verify.js';

/** How the other side is known: by a bundle; or not at all, for reading public roots; or in plain text, for `--dev` on loopback. */
export type ConnectionTrust =
  | { readonly kind: 'bundle'; readonly bundle: TrustBundle; readonly svid: Svid | null }
  | { readonly kind: 'unverified' }
  | { readonly kind: 'plain' };

/** The SPIFFE ID of every config service of a trust domain. */
function controlSpiffeId(trustDomain: string): string {
  return `spiffe://${trustDomain}/ns/heddle-system/sa/control`;
}

/**
 * Checks and normalises the service's URL.
 * @throws MeshError `HEDDLE_INVALID_SETTING` unless it is `https://` with a host and nothing more, or `http://` with this machine
 */
export function parseControlUrl(text: string): URL {
  const url = parseUrl(text);
  const plain = url !== null && url.pathname === '/' && url.search === '' && url.hash === '';
  const known = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (url === null || !known || !plain || url.username !== '' || url.password !== '') {
    throw new MeshError(
      'the URL of the config service must be of the form https://host:port (http:// for `heddle control --dev`), with no path or credentials',
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new MeshError(
      `${url.origin} is in plain text, which a config service in dev mode speaks on its own machine only: whoever stood in between could write the policy; use https://`,
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
  return url;
}

/** Of names only `localhost` counts: others may resolve to anything. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * Connects, with the handshake done and the peer verified as `trust` says.
 * @throws MeshError `HEDDLE_CONNECT_FAILED`, or `HEDDLE_PEER_UNTRUSTED` if somebody else answers; the reason of `signal` if it aborts
 */
export async function openSession(
  url: URL,
  trust: ConnectionTrust,
  signal: AbortSignal,
): Promise<ClientHttp2Session> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const session = connect(url, tlsOptions(trust));
    // Errors come after the end of whoever listened, too: they must not be nobody's.
    session.on('error', () => {});
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort);
      session.off('error', onError);
      session.off('close', onClose);
      finish();
    };
    const onAbort = () => settle(() => fail(signal.reason));
    const onError = (error: Error) => settle(() => fail(connectError(url, error)));
    const onClose = () => settle(() => fail(connectError(url, new Error('the connection closed at once'))));
    const fail = (reason: unknown) => {
      session.destroy();
      reject(reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    session.once('error', onError);
    session.once('close', onClose);
    // In plain text `connect` does not say that the peer speaks HTTP/2; its settings do.
    session.once('remoteSettings', () => settle(() => resolve(session)));
  });
}

function tlsOptions(trust: ConnectionTrust) {
  if (trust.kind === 'plain') return {};
  if (trust.kind === 'unverified') return { rejectUnauthorized: false, minVersion: 'TLSv1.3' as const };
  const expected = controlSpiffeId(trust.bundle.trustDomain);
  return {
    minVersion: 'TLSv1.3' as const,
    ca: [...trust.bundle.roots],
    checkServerIdentity: (_host: string, peer: PeerCertificate) => checkPeer(peer, expected),
    ...(trust.svid === null
      ? {}
      : {
          cert: trust.svid.chain.join('\n'),
          key: trust.svid.key.export({ type: 'pkcs8', format: 'pem' }) as string,
        }),
  };
}

function checkPeer(peer: PeerCertificate, expected: string): Error | undefined {
  const verdict = verifyPeer(peer, { expected: [expected] });
  if (verdict.kind === 'trusted') return undefined;
  return new MeshError(`this is not the config service of the mesh: ${verdict.because}`, {
    code: 'HEDDLE_PEER_UNTRUSTED',
  });
}

const CERTIFICATE_CODES =
  /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE)/;

function connectError(url: URL, error: Error): MeshError {
  if (error instanceof MeshError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const detail = first?.message || error.message || code;
  if (CERTIFICATE_CODES.test(code)) {
    return new MeshError(
      `the config service at ${url.origin} did not prove who it is (${detail}); if its CA was replaced, this workload needs a new join token`,
      { code: 'HEDDLE_PEER_UNTRUSTED', cause: error },
    );
  }
  return new MeshError(`cannot connect to the config service at ${url.origin}: ${detail}`, {
    code: 'HEDDLE_CONNECT_FAILED',
    cause: error,
  });
}
