/**
 * The steps an exchange passes before its handler runs, in this order. Each may refuse; the first that does ends it.
 *
 * | # | step      | why here |
 * | - | --------- | -------- |
 * | 1 | head      | what two readers could read differently is not worth a decision |
 * | 2 | policy    | closed until the first policy is there |
 * | 3 | path      | before anything looks at it: what is checked is what is served |
 * | 4 | transport | a kept-alive plain-text connection must not outlive a change to STRICT |
 * | 5 | authorize | needs the peer, the normal path and the head |
 *
 * Telemetry begins between 3 and 4, so that a refused exchange has its span, with the normal path in it.
 */
import type { Exchange, Refusal } from '../model/exchange.js';
import {
  type AuthorizationFacts,
  DENIED_BODY,
  decideAuthorization,
  decideDryRun,
} from '../security/authorize/decide.js';
import { normalizePath } from '../security/authorize/normalize-path.js';
import { mtlsModeFor } from '../security/mtls/decide.js';
import type { InboundSnapshot } from './bind.js';
import { isAuthority } from './head.js';

/** Steps 1 to 3. Sets `exchange.path`. `fault`: what the adapter found wrong with the head. */
export function refuseUnreadable(
  exchange: Exchange,
  snapshot: InboundSnapshot | null,
  fault: string | null,
): Refusal | null {
  if (fault !== null) return badRequest(fault);
  const { authority, protocol } = exchange.facts;
  // HTTP/1.0 may come without; it then matches no `hosts`.
  if (!(authority === '' ? protocol === 'HTTP/1.0' : isAuthority(authority)))
    return badRequest('invalid_authority');
  if (snapshot === null) return NO_POLICY;
  const path = normalizePath(exchange.facts.path, snapshot.inbound.pathNormalization);
  if (path === null) return badRequest('path_normalization_failed');
  exchange.path = path;
  return null;
}

/** Steps 4 and 5. Sets `exchange.verdict`. */
export function refuseForbidden(exchange: Exchange, snapshot: InboundSnapshot): Refusal | null {
  const { peer, localPort } = exchange.facts;
  if (peer.id === null && mtlsModeFor(snapshot.inbound, localPort) === 'STRICT') return PLAIN_TEXT;
  const facts = authorizationFacts(exchange);
  const verdict = decideAuthorization(snapshot.authorization, facts);
  exchange.verdict = verdict;
  exchange.dryRun = decideDryRun(snapshot.authorization, facts);
  if (verdict.decision === 'allow') return null;
  return { status: verdict.status, body: DENIED_BODY, because: verdict.because, close: false };
}

function authorizationFacts(exchange: Exchange): AuthorizationFacts {
  const { facts, path } = exchange;
  const query = path.indexOf('?');
  return {
    protocol: 'http',
    method: facts.method,
    authority: facts.authority,
    path: query < 0 ? path : path.slice(0, query),
    headers: facts.headers,
    principal: facts.peer.id?.principal ?? null,
    peerIp: facts.peer.address,
    remoteIp: facts.remoteIp,
    port: facts.localPort,
    localIp: facts.localAddress,
    sni: facts.peer.sni,
    // No token is verified yet: rules that ask for claims match nothing.
    claims: null,
  };
}

function badRequest(because: string): Refusal {
  return { status: 400, body: 'Bad Request', because, close: true };
}

const NO_POLICY: Refusal = {
  status: 503,
  body: 'HEDDLE_NO_POLICY',
  because: 'no_policy_yet',
  close: false,
};

const PLAIN_TEXT: Refusal = {
  status: 403,
  body: DENIED_BODY,
  because: 'mtls_strict_plain_text',
  close: true,
};
