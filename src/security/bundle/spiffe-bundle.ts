/**
 * The standard's form of a trust bundle, in which trust domains tell each other of their keys: a JWK Set.
 * @source SPIFFE_Trust_Domain_and_Bundle.md §4, X509-SVID.md §6, JWT-SVID.md
 */
import { X509Certificate } from 'node:crypto';
import { MeshError } from '../../base/errors.js';
import { toPem } from '../certificate/pem.js';
import { trustBundle } from './bundle.js';

/** A key that signs JWT-SVIDs. */
export interface JwtAuthority {
  readonly kid: string;
  /** Public members only. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export interface SpiffeBundle {
  readonly trustDomain: string;
  /** Of X.509-SVIDs, PEM; may be empty. */
  readonly roots: readonly string[];
  readonly jwtAuthorities: readonly JwtAuthority[];
  /** Grows with each change; undefined: the bundle does not say. */
  readonly sequence?: bigint;
  /** How often to look for a newer one, seconds; undefined: the bundle does not say. */
  readonly refreshHintS?: number;
}

/** Longest text that is read, characters. */
export const MAX_BUNDLE_LENGTH = 1024 * 1024;
const MAX_KEYS = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a bundle document. Keys of a kind or for a use that is not known are left out, as the standard asks.
 * @param trustDomain whose it is: the document does not say
 * @throws MeshError `HEDDLE_INVALID_ARGUMENT` naming what is wrong
 */
export function readSpiffeBundle(trustDomain: string, text: string): SpiffeBundle {
  if (text.length > MAX_BUNDLE_LENGTH) throw invalid(`it is longer than ${MAX_BUNDLE_LENGTH} characters`);
  const document = parse(text);
  const { keys } = document;
  if (!Array.isArray(keys)) throw invalid("it has no list of 'keys'");
  if (keys.length > MAX_KEYS) throw invalid(`it has more than ${MAX_KEYS} keys`);
  const roots: string[] = [];
  const jwtAuthorities: JwtAuthority[] = [];
  for (const key of keys as readonly unknown[]) {
    if (!isObject(key) || (key.kty !== 'EC' && key.kty !== 'RSA')) continue;
    if (key.use === 'x509-svid') roots.push(rootOf(key));
    else if (key.use === 'jwt-svid') jwtAuthorities.push(authorityOf(key));
  }
  if (new Set(jwtAuthorities.map(({ kid }) => kid)).size < jwtAuthorities.length)
    throw invalid("two keys for JWT-SVIDs have the same 'kid'");
  const bundle = roots.length === 0 ? { trustDomain, roots } : trustBundle(trustDomain, roots);
  const sequence = sequenceOf(document.spiffe_sequence, text);
  const refreshHintS = hintOf(document.spiffe_refresh_hint);
  return {
    trustDomain: bundle.trustDomain,
    roots: bundle.roots,
    jwtAuthorities,
    ...(sequence === undefined ? {} : { sequence }),
    ...(refreshHintS === undefined ? {} : { refreshHintS }),
  };
}

/** Writes the document that {@link readSpiffeBundle} reads. */
export function formatSpiffeBundle(
  bundle: Omit<SpiffeBundle, 'trustDomain' | 'jwtAuthorities'> &
    Partial<Pick<SpiffeBundle, 'jwtAuthorities'>>,
): string {
  const { roots, jwtAuthorities = [], sequence, refreshHintS } = bundle;
  const keys = [
    ...roots.map((pem) => {
      const x509 = new X509Certificate(pem);
      const x5c = [x509.raw.toString('base64')];
      return { use: 'x509-svid', ...x509.publicKey.export({ format: 'jwk' }), x5c };
    }),
    ...jwtAuthorities.map(({ kid, jwk }) => ({ ...jwk, use: 'jwt-svid', kid })),
  ];
  const numbers = [
    ...(sequence === undefined ? [] : [`"spiffe_sequence":${sequence}`]),
    ...(refreshHintS === undefined ? [] : [`"spiffe_refresh_hint":${refreshHintS}`]),
  ];
  // By hand: JSON.stringify takes no bigint, and a sequence may be longer than a number is exact.
  return `{${[`"keys":${JSON.stringify(keys)}`, ...numbers].join(',')}}\n`;
}

function rootOf({ x5c }: Fields): string {
  const [only, more] = Array.isArray(x5c) ? (x5c as readonly unknown[]) : [];
  if (typeof only !== 'string' || more !== undefined)
    throw invalid("a key for X.509-SVIDs has not exactly one certificate in 'x5c'");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(only)) throw invalid("a certificate in 'x5c' is not Base64");
  return toPem('CERTIFICATE', Buffer.from(only, 'base64'));
}

const MEMBERS = { EC: ['crv', 'x', 'y'], RSA: ['n', 'e'] } as const;

function authorityOf(key: Fields): JwtAuthority {
  const { kid } = key;
  if (typeof kid !== 'string' || kid === '') throw invalid("a key for JWT-SVIDs has no 'kid'");
  const kty = key.kty as keyof typeof MEMBERS;
  const members = MEMBERS[kty].map((name) => [name, key[name]] as const);
  if (members.some(([, value]) => typeof value !== 'string' || value === ''))
    throw invalid(`the key ${kid.slice(0, 100)} for JWT-SVIDs is not whole`);
  return { kid, jwk: { kty, ...Object.fromEntries(members) } };
}

/** JSON's numbers have no end; JavaScript's are exact up to 2^53. */
function sequenceOf(value: unknown, text: string): bigint | undefined {
  if (value === undefined) return undefined;
  const digits = /"spiffe_sequence"\s*:\s*(\d{1,40})\s*[,}]/.exec(text)?.[1];
  if (typeof value !== 'number' || digits === undefined)
    throw invalid("'spiffe_sequence' is not a whole number");
  return BigInt(digits);
}

function hintOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw invalid("'spiffe_refresh_hint' is not a whole number of seconds");
  return value as number;
}

function parse(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  if (!isObject(value)) throw invalid('it is not a JSON object');
  return value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(because: string): MeshError {
  return new MeshError(`not a SPIFFE bundle: ${because}`, { code: 'HEDDLE_INVALID_ARGUMENT' });
}
