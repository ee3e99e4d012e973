/**
 * Where the keys of authorities lie: one file each, certificate and key, that only its owner may read. That of a root may be taken away
 * and kept elsewhere; then its intermediates are brought.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MeshError } from 'heddle/ports';
import { fingerprint, type IssuerPair } from 'heddle/security';
import { readFileIfAny, writePrivateFile } from './private-file.js';

export type AuthorityKind = 'root' | 'intermediate';

/** A key and a few certificates have under 20 KiB. */
const MAX_FILE_BYTES = 256 * 1024;

export class KeyFiles {
  readonly #directory: string;

  constructor(dataDir: string) {
    this.#directory = join(dataDir, 'ca');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  path(kind: AuthorityKind, sha256: string): string {
    return join(this.#directory, `${kind}-${sha256.slice(0, 16)}.pem`);
  }

  /** Durable when it returns: the store must not name a key that is not there. */
  write(kind: AuthorityKind, pair: IssuerPair): void {
    const key = pair.key.export({ type: 'pkcs8', format: 'pem' });
    writePrivateFile(this.path(kind, fingerprint(pair.certificate)), `${pair.certificate}${key}`);
  }

  /**
   * Certificate and key; undefined: there is no such file.
   * @throws MeshError `HEDDLE_INVALID_SETTING` if others may read the file, or it does not hold what its name says
   */
  read(kind: AuthorityKind, sha256: string): IssuerPair | undefined {
    const path = this.path(kind, sha256);
    const text = readSecretFile(path);
    if (text === undefined) return undefined;
    const pair = pairOf(path, text);
    if (fingerprint(pair.certificate) !== sha256) throw fault(path, 'holds another certificate');
    return pair;
  }

  has(kind: AuthorityKind, sha256: string): boolean {
    return lstatSync(this.path(kind, sha256), { throwIfNoEntry: false }) !== undefined;
  }

  /** Keeps the key of a request until the certificate for it comes. */
  writeRequested(key: KeyObject): void {
    writePrivateFile(this.#requested, key.export({ type: 'pkcs8', format: 'pem' }) as string);
  }

  /**
   * The key that a certificate was requested for; undefined: there is none.
   * @throws MeshError `HEDDLE_INVALID_SETTING` as {@link read}
   */
  requested(): KeyObject | undefined {
    const text = readSecretFile(this.#requested);
    if (text === undefined) return undefined;
    try {
      return createPrivateKey(text);
    } catch (error) {
      throw fault(this.#requested, 'does not hold a private key; remove it, and request again', error);
    }
  }

  /** Its certificate has come. */
  removeRequested(): void {
    rmSync(this.#requested, { force: true });
  }

  get #requested(): string {
    return join(this.#directory, 'requested-key.pem');
  }

  /** Of a root that nobody trusts any more. */
  remove(kind: AuthorityKind, sha256: string): void {
    rmSync(this.path(kind, sha256), { force: true });
  }
}

/**
 * The text of a file with a private key in it; undefined: there is no such file.
 * @throws MeshError `HEDDLE_INVALID_SETTING` if others may read it, or it is too large
 */
export function readSecretFile(path: string): string | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (found.size > MAX_FILE_BYTES) throw fault(path, `is longer than ${MAX_FILE_BYTES} bytes`);
  if (process.getuid !== undefined && (found.mode & 0o077) !== 0 && found.isFile()) {
    throw fault(path, 'holds a private key, and other users may read or write it; its mode must be 0600');
  }
  return readFileIfAny(path);
}

function pairOf(path: string, text: string): IssuerPair {
  let certificate: X509Certificate;
  let key: IssuerPair['key'];
  try {
    certificate = new X509Certificate(text);
    key = createPrivateKey(text);
  } catch (error) {
    throw fault(path, 'does not hold a certificate and its private key; restore it from a backup', error);
  }
  if (!certificate.checkPrivateKey(key)) throw fault(path, 'holds a private key of another certificate');
  return { certificate: certificate.toString(), key };
}

function fault(path: string, because: string, cause?: unknown): MeshError {
  return new MeshError(`${path} ${because}`, { code: 'HEDDLE_INVALID_SETTING', cause });
}
