/**
 * The steps an exchange passes before its handler runs, in this order. Each may refuse; the first that does ends it.
 *
 * | # | step      | why here |
 * | - | --------- | -------- |
 * | 1 | head      | what two readers could read differently is not worth a decision |
 * | 2 | policy    | closed until the first policy is there |
 * | 3 | path      | before anything looks at it: what is checked is what is served |
 * | 4 | transport | a kept-alive plain-text connection must not outlive a change to STRICT |
 * | 5 | custom    | somebody outside is asked; as in Istio before tokens, whose headers it may set; `custom.ts` |
 * | 6 | tokens    | says who asks; its headers come and go before anybody reads them |
 * | 7 | authorize | needs the peer, the token, the normal path and the head |
 * | 8 | rate limit | whoever may not come in takes no token; `guard.ts`, as 9 |
 * | 9 | shed      | the last refusal: what is let in here is counted until it ends |
 *
 * Telemetry begins between 3 and 4, so that a refused exchange has its span, with the normal path in it. Steps 5 and 6 may have to
 * wait.
 */
import type { Exchange, InboundVerdict, Refusal } from '../model/exchange.js';
import type { SendCheck } from '../security/authorize/check.js';
import {
  type AuthorizationFacts,
  type CustomVerdict,
  DENIED_BODY,
  decideCustom,
  decideDryRun,
  decideWithoutCustom,
} from '../security/authorize/decide.js';
import { normalizePath } from '../security/authorize/normalize-path.js';
import { mtlsModeFor } from '../security/mtls/decide.js';
import { rejectTokens, type TokenRequest, type TokenVerdict } from '../security/token/decide.js';
import type { TokenAuthenticator } from '../security/token/index.js';
import type { InboundSnapshot } from './bind.js';
import { askProvider, change, refusedBy } from './custom.js';
import { isAuthority } from './head.js';

/** What an adapter says of a head. */
export interface Head {
  /** Path and query as they arrived. */
  readonly target: string;
  /** What the adapter found wrong; null for nothing. */
  readonly fault: string | null;
}

/** Steps 1 to 3. Sets `exchange.path`. */
export function refuseUnreadable(
  exchange: Exchange,
  snapshot: InboundSnapshot | null,
  { target, fault }: Head,
): Refusal | null {
  if (fault !== null) return badRequest(fault);
  const { authority, protocol } = exchange.facts;
  // HTTP/1.0 may come without; it then matches no `hosts`.
  if (!(authority === '' ? protocol === 'HTTP/1.0' : isAuthority(authority)))
    return badRequest('invalid_authority');
  if (snapshot === null) return NO_POLICY;
  const path = normalizePath(target, snapshot.inbound.pathNormalization);
  if (path === null) return badRequest('path_normalization_failed');
  exchange.path = path;
  return null;
}

/** Those who know what policy does not. */
export interface Witnesses {
  readonly tokens: TokenAuthenticator;
  readonly sendCheck: SendCheck;
}

/**
 * Steps 4 to 7. Sets `exchange.refusal`, `exchange.verdict` and all that a provider or a token says; `exchange.waiting` if either takes
 * time, and the exchange is refused until then.
 */
export function admit(exchange: Exchange, snapshot: InboundSnapshot, witnesses: Witnesses): void {
  const { peer, localPort } = exchange.facts;
  if (peer.id === null && mtlsModeFor(snapshot.inbound, localPort) === 'STRICT') {
    exchange.refusal = PLAIN_TEXT;
    return;
  }
  const custom = snapshot.asks
    ? decideCustom(snapshot.authorization, authorizationFacts(exchange, null))
    : null;
  if (custom === null) authenticate(exchange, snapshot, witnesses.tokens);
  else ask(exchange, snapshot, custom, witnesses);
}

/** Step 5. */
function ask(
  exchange: Exchange,
  snapshot: InboundSnapshot,
  { verdict, provider }: CustomVerdict,
  { tokens, sendCheck }: Witnesses,
): void {
  exchange.verdict = verdict;
  exchange.refusal = denied(verdict);
  if (provider === null) return;
  const settle = async () => {
    const refusal = await askProvider(exchange, provider, sendCheck);
    exchange.waiting = null;
    if (refusal !== null) {
      exchange.refusal = refusal;
      exchange.verdict = refusedBy(verdict, refusal);
      // Nobody is there any more who would have to be looked at.
    } else if (!exchange.ended) {
      authenticate(exchange, snapshot, tokens);
      await exchange.waiting;
    }
  };
  exchange.waiting = settle().catch(() => {
    exchange.waiting = null;
  });
}

/** Steps 6 and 7. */
function authenticate(
  exchange: Exchange,
  snapshot: InboundSnapshot,
  authenticator: TokenAuthenticator,
): void {
  if (snapshot.tokens === null) {
    exchange.refusal = authorize(exchange, snapshot, null);
    return;
  }
  const request = tokenRequest(exchange);
  const settle = (verdict: TokenVerdict) => {
    exchange.waiting = null;
    exchange.refusal = take(exchange, snapshot, verdict);
  };
  const verdict = authenticator.authenticate(snapshot.tokens, request);
  if (!(verdict instanceof Promise)) {
    settle(verdict);
    return;
  }
  const doubt = rejectTokens('signature', null, request);
  exchange.refusal = refusalOf(doubt);
  exchange.waiting = verdict.then(settle, () => settle(doubt));
}

function tokenRequest({ facts, path }: Exchange): TokenRequest {
  const { method, scheme, authority, headers } = facts;
  return { method, scheme, authority, headers, path };
}

/** Step 6, its end. */
function take(exchange: Exchange, snapshot: InboundSnapshot, verdict: TokenVerdict): Refusal | null {
  if (verdict.kind === 'reject') {
    const { status, because, policy } = verdict;
    exchange.verdict = { decision: 'deny', status, policy, rule: null, audited: [], because };
    return refusalOf(verdict);
  }
  exchange.claims = verdict.claims;
  exchange.requestPrincipal = verdict.principal;
  exchange.path = verdict.path;
  change(exchange, verdict);
  return authorize(exchange, snapshot, verdict.compared);
}

function refusalOf({ status, body, because, challenge }: TokenVerdict & { kind: 'reject' }): Refusal {
  return { status, body, because, close: false, headers: { 'www-authenticate': challenge } };
}

/** Step 7. */
function authorize(
  exchange: Exchange,
  snapshot: InboundSnapshot,
  claims: AuthorizationFacts['claims'],
): Refusal | null {
  const facts = authorizationFacts(exchange, claims);
  const verdict = decideWithoutCustom(snapshot.authorization, facts);
  exchange.verdict = verdict;
  exchange.dryRun = decideDryRun(snapshot.authorization, facts);
  return verdict.decision === 'allow' ? null : denied(verdict);
}

function denied({ status, because }: InboundVerdict): Refusal {
  return { status, body: DENIED_BODY, because, close: false };
}

function authorizationFacts(exchange: Exchange, claims: AuthorizationFacts['claims']): AuthorizationFacts {
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
    claims,
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
