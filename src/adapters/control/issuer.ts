/** Asking the config service for an SVID: with the one we have while it is good, with the join token otherwise. */
import type { Clock } from '../../base/clock.js';
import { isMeshError, MeshError } from '../../base/errors.js';
import { withTimeLimit } from '../../base/time-limit.js';
import type { SvidRequest, SvidResponse } from '../../ports/control-protocol.js';
import type { Svid } from '../../ports/identity.js';
import { refusal } from './answer.js';
import { type ConnectionTrust, openSession } from './connection.js';
import { requestJson } from './request.js';
import { parseSvidResponse } from './wire.js';

export interface IssuerOptions {
  readonly url: URL;
  /** Read when it is needed; undefined: there is none. */
  readonly token: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  /** How the service is recognised now; a token goes only to a peer verified by a bundle. */
  readonly trust: (svid: Svid | null) => ConnectionTrust;
  readonly svid: () => Svid | null;
}

/**
 * Has the key of `csrDer` certified.
 * @param csrDer PKCS#10
 * @throws MeshError `HEDDLE_DENIED` if neither SVID nor token is good, or what the connection threw
 */
export async function requestSvid(
  options: IssuerOptions,
  csrDer: Uint8Array,
  signal: AbortSignal,
): Promise<SvidResponse> {
  const { token, clock } = options;
  const current = options.svid();
  const good = current !== null && current.notAfter > clock.wallNow() ? current : null;
  const byToken = async () => ask(options, { csrDer, svid: null, token: await token?.() }, signal);
  if (good === null) return byToken();
  try {
    return await ask(options, { csrDer, svid: good, token: undefined }, signal);
  } catch (error) {
    // Refused, or not even let in by TLS: the token is the other proof that we have.
    const unreachable = isMeshError(error, 'HEDDLE_CONNECT_FAILED');
    if (token === undefined || unreachable || signal.aborted) throw error;
    return byToken();
  }
}

/** For one answer: a service that hangs must not keep the next attempt from being made. */
const ANSWER_MS = 10_000;

interface Proof {
  readonly csrDer: Uint8Array;
  readonly svid: Svid | null;
  readonly token: string | undefined;
}

function ask(options: IssuerOptions, proof: Proof, signal: AbortSignal): Promise<SvidResponse> {
  const { clock, url } = options;
  const error = () =>
    new MeshError(`the config service at ${url.origin} did not certify within ${ANSWER_MS} ms`, {
      code: 'HEDDLE_CONNECT_FAILED',
    });
  const limit = { clock, limitMs: ANSWER_MS, signal, error };
  return withTimeLimit(limit, (stop) => askOnce(options, proof, stop));
}

async function askOnce(options: IssuerOptions, proof: Proof, signal: AbortSignal): Promise<SvidResponse> {
  const trust = options.trust(proof.svid);
  if (trust.kind !== 'bundle') {
    throw new MeshError('a join token is never sent to a peer that is not verified', {
      code: 'HEDDLE_PEER_UNTRUSTED',
    });
  }
  const body: SvidRequest = { csr: Buffer.from(proof.csrDer).toString('base64') };
  const headers = proof.token === undefined ? {} : { authorization: `Bearer ${proof.token}` };
  const session = await openSession(options.url, trust, signal);
  try {
    const request = { method: 'POST', path: '/v1/svid', headers, body } as const;
    const answer = await requestJson(session, request, signal);
    if (answer.status === 200 || answer.status === 201) return parseSvidResponse(answer.value);
    throw refusal(answer.status, answer.value, 'a certificate');
  } finally {
    session.destroy();
  }
}
