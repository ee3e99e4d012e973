/**
 * Reads a JSON Web Key Set: which keys are in it, and whether they can be keys at all. Bounded, because it comes from a network.
 * @source RFC 7517, RFC 7518 §6, RFC 8037
 */

/** One key, public members only: nothing here signs. */
export interface PublicKey {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct';
  /** Empty: any. */
  readonly kid: string;
  /** Empty: any that fits `kty`. */
  readonly alg: string;
  /** What a key of its type is made of. */
  readonly members: Readonly<Record<string, string>>;
  /** It is for something other than signatures. */
  readonly unusable: boolean;
  /** Whoever reads it could sign. */
  readonly secret: boolean;
}

/** The longest key set that is read, characters. */
export const MAX_JWKS_LENGTH = 1024 * 1024;
const MOST_KEYS = 1_000;

const MEMBERS: Readonly<Record<PublicKey['kty'], readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
};

/**
 * The keys of a set, or of a document that is one key; a text says what is wrong with the document.
 * @param strict a key that is none is wrong, too; else it is left out, because sets hold keys for newer readers
 */
export function readJwks(text: string, strict = false): readonly PublicKey[] | string {
  if (text.length > MAX_JWKS_LENGTH) return `it is longer than ${MAX_JWKS_LENGTH} characters`;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(document)) return 'it is not a JSON object';
  const list = Object.hasOwn(document, 'keys') ? document.keys : 'kty' in document ? [document] : undefined;
  if (!Array.isArray(list)) return "it has no list of 'keys'";
  if (list.length > MOST_KEYS) return `it has more than ${MOST_KEYS} keys`;
  const keys: PublicKey[] = [];
  for (const [index, entry] of list.entries()) {
    const key = readKey(entry);
    if (typeof key !== 'string') keys.push(key);
    else if (strict) return `key ${index}: ${key}`;
  }
  return keys;
}

function readKey(entry: unknown): PublicKey | string {
  if (!isObject(entry)) return 'it is not an object';
  const kty = entry.kty;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP' && kty !== 'oct')
    return "'kty' is not one of RSA, EC, OKP and oct";
  const members: Record<string, string> = {};
  for (const name of MEMBERS[kty]) {
    const value = entry[name];
    if (typeof value !== 'string' || value === '') return `'${name}' of a key of type ${kty} is missing`;
    members[name] = value;
  }
  const { kid, alg, use, key_ops: operations } = entry;
  return {
    kty,
    kid: typeof kid === 'string' ? kid : '',
    alg: typeof alg === 'string' ? alg : '',
    members,
    unusable:
      (use !== undefined && use !== 'sig') || (Array.isArray(operations) && !operations.includes('verify')),
    secret: kty === 'oct' || typeof entry.d === 'string',
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
