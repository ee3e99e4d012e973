/**
 * Is this token the JWT-SVID of somebody whose trust domain we know, and meant for us? For services that are called through something
 * that ends TLS. jose does the cryptography.
 * @source JWT-SVID.md §2–§4, Appendix A
 */
import type { JWK } from 'jose';
import { MeshError } from '../../base/errors.js';
import { SpiffeId } from '../../model/spiffe-id.js';

/** A public key that signs JWT-SVIDs; `readSpiffeBundle` finds them. */
export interface JwtSvidKey {
  readonly kid: string;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export interface JwtSvidRules {
  /** Names that we go by; one must be in `aud`. At least one. */
  readonly audiences: readonly string[];
  /** The `jwt-svid` keys of a trust domain's bundle; undefined for one that is not trusted. Never those of another. */
  readonly keys: (trustDomain: string) => readonly JwtSvidKey[] | undefined;
  /** Milliseconds since the epoch. */
  readonly wallNow: number;
  /** What clocks may differ by, milliseconds. @default 60 000 */
  readonly leewayMs?: number;
}

export interface JwtSvid {
  readonly id: SpiffeId;
  readonly audiences: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The longest token that is looked at, characters: about what a header may hold. */
const MAX_LENGTH = 32_768;
const ALGORITHMS = ['RS', 'ES', 'PS'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits));
/** Any other header must not be there; what is not there cannot point at keys of the sender's own choice. */
const HEADERS = ['alg', 'kid', 'typ'];

/** Loaded with the first token: most processes never see one. */
const jose = () => import('jose');

/**
 * @throws MeshError `HEDDLE_PEER_UNTRUSTED` naming what is wrong; nothing of the token but its SPIFFE ID is in it.
 * `HEDDLE_INVALID_ARGUMENT` without audiences
 */
export async function verifyJwtSvid(token: string, rules: JwtSvidRules): Promise<JwtSvid> {
  if (rules.audiences.length === 0) {
    throw new MeshError('no audience to expect in a JWT-SVID: any token would be good', {
      code: 'HEDDLE_INVALID_ARGUMENT',
    });
  }
  if (token.length > MAX_LENGTH) throw refused(`it is longer than ${MAX_LENGTH} characters`);
  const { compactVerify, importJWK } = await jose();
  const { header, claims } = await read(token);
  const { kid, alg } = checkHeader(header);
  const id = subjectOf(claims);
  const facts = checkClaims(claims, rules);
  const keys = rules.keys(id.trustDomain);
  if (keys === undefined) throw refused(`the trust domain of ${id} is not trusted`);
  const key = keys.find((one) => one.kid === kid);
  if (key === undefined) throw refused(`no key of ${id.trustDomain} has its 'kid'`);
  try {
    await compactVerify(token, await importJWK(key.jwk as JWK, alg), { algorithms: ALGORITHMS });
  } catch (cause) {
    throw refused(`its signature is not that of ${id.trustDomain}`, cause);
  }
  return { id, claims, ...facts };
}

type Fields = Readonly<Record<string, unknown>>;

async function read(token: string): Promise<{ header: Fields; claims: Fields }> {
  const { decodeJwt, decodeProtectedHeader } = await jose();
  try {
    if (token.split('.').length !== 3) throw new Error('not three parts');
    return { header: decodeProtectedHeader(token) as Fields, claims: decodeJwt(token) };
  } catch (cause) {
    throw refused('it is not a signed JWT in compact form', cause);
  }
}

function checkHeader(header: Fields): { kid: string; alg: string } {
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !ALGORITHMS.includes(alg))
    throw refused(`its 'alg' is not one of ${ALGORITHMS.join(', ')}`);
  if (typeof kid !== 'string' || kid === '') throw refused("it has no 'kid'");
  if (typ !== undefined && typ !== 'JWT' && typ !== 'JOSE')
    throw refused("its 'typ' is neither JWT nor JOSE");
  if (Object.keys(header).some((name) => !HEADERS.includes(name)))
    throw refused(`it has headers other than ${HEADERS.join(', ')}`);
  return { kid, alg };
}

function subjectOf({ sub }: Fields): SpiffeId {
  let id: SpiffeId;
  try {
    id = SpiffeId.parse(typeof sub === 'string' ? sub : '');
  } catch (cause) {
    throw refused("its 'sub' is not a SPIFFE ID", cause);
  }
  if (id.path === '') throw refused("its 'sub' names a trust domain, not a workload");
  return id;
}

function checkClaims(
  claims: Fields,
  rules: JwtSvidRules,
): { audiences: readonly string[]; notAfter: number } {
  const { aud, exp, nbf } = claims;
  const { wallNow, leewayMs = 60_000 } = rules;
  const audiences: readonly unknown[] = typeof aud === 'string' ? [aud] : Array.isArray(aud) ? aud : [];
  if (!audiences.every((one) => typeof one === 'string')) throw refused("its 'aud' is not a list of texts");
  if (!audiences.some((one) => rules.audiences.includes(one as string)))
    throw refused(`it is not meant for ${rules.audiences.join(' or ')}`);
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw refused("it has no 'exp'");
  if (exp * 1_000 + leewayMs <= wallNow) throw refused('it has expired');
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf * 1_000 - leewayMs > wallNow))
    throw refused('it is not valid yet; check the clocks');
  return { audiences: audiences as readonly string[], notAfter: exp * 1_000 };
}

function refused(because: string, cause?: unknown): MeshError {
  return new MeshError(`not a JWT-SVID for us: ${because}`, { code: 'HEDDLE_PEER_UNTRUSTED', cause });
}
