import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Clock } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import { type Source, Value } from '../../base/source.js';
import type { ForeignBundle, IdentitySource, Svid, TrustBundle } from '../../ports/identity.js';
import { sameBundle } from '../../security/bundle/bundle.js';
import { withFederated } from '../../security/bundle/federated.js';
import { readSpiffeBundle } from '../../security/bundle/spiffe-bundle.js';
import { readPrivateKey, receiveSvid } from '../../security/svid/receive.js';
import { atOnce } from './at-once.js';
import { watchFiles } from './watch.js';

export interface FileIdentityOptions {
  readonly clock: Clock;
  /** PEM, leaf first. */
  readonly chainFile: string;
  /** PEM, unencrypted. */
  readonly keyFile: string;
  /** PEM. */
  readonly rootsFile: string;
  /** @default that of the SVID */
  readonly trustDomain?: string;
  /** Bundles of foreign trust domains: SPIFFE bundles (JSON) or PEM. @default none */
  readonly federated?: readonly ForeignFile[];
  /** Told of changed files that cannot be used. Must not throw. */
  readonly onFailure?: (error: unknown) => void;
  /** Quiet time after a change before the files are read, milliseconds. @default 50 */
  readonly settleMs?: number;
  /** Files are read again at least this often, milliseconds. @default 900 000 (Istio) */
  readonly pollMs?: number;
}

/** Where the bundle of a foreign trust domain is. */
export interface ForeignFile {
  readonly trustDomain: string;
  readonly file: string;
}

type Identity = { readonly svid: Svid; readonly bundle: TrustBundle };

/**
 * An identity that somebody else renews: cert-manager, SPIRE's helper, an operator. The files are read when they change; what
 * does not hold together (a new certificate with the old key, half a file) is refused and the last good pair stays.
 */
export class FileIdentity implements IdentitySource {
  readonly #options: FileIdentityOptions;
  readonly #svid: Value<Svid>;
  readonly #bundle: Value<TrustBundle>;
  readonly #unwatch: () => void;
  #reading: Promise<void> | null = null;
  #again = false;
  #closed = false;

  /**
   * Reads the files at once, before anything else can go on: a workload without identity has nothing to do meanwhile.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if they are missing or cannot be used
   */
  constructor(options: FileIdentityOptions) {
    const first = identityOf(options, () => atOnce(pathsOf(options)).map(readTextSync));
    this.#options = options;
    this.#svid = new Value(first.svid);
    this.#bundle = new Value(first.bundle);
    this.#unwatch = watchFiles({
      clock: options.clock,
      paths: pathsOf(options),
      changed: () => void this.reload(),
      ...(options.settleMs === undefined ? {} : { settleMs: options.settleMs }),
      ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
    });
    // What changed between the first reading and the watch would have no event.
    void this.reload();
  }

  get svid(): Source<Svid> {
    return this.#svid;
  }

  get bundle(): Source<TrustBundle> {
    return this.#bundle;
  }

  /** Reads the files now. Never rejects: failures go to `onFailure`. */
  async reload(): Promise<void> {
    if (this.#reading !== null) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readUntilQuiet();
    try {
      await this.#reading;
    } finally {
      this.#reading = null;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await this.#reading;
  }

  async #readUntilQuiet(): Promise<void> {
    do {
      this.#again = false;
      try {
        const texts = await Promise.all(atOnce(pathsOf(this.#options)).map(readText));
        if (this.#closed) return;
        const found = identityOf(this.#options, () => texts);
        if (!sameBundle(this.#bundle.current(), found.bundle)) this.#bundle.set(found.bundle);
        if (!sameSvid(this.#svid.current(), found.svid)) this.#svid.set(found.svid);
      } catch (error) {
        if (!this.#closed) this.#options.onFailure?.(error);
      }
    } while (this.#again && !this.#closed);
  }
}

/** @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` naming the files */
function identityOf(options: FileIdentityOptions, read: () => readonly string[]): Identity {
  try {
    const [chain, key, roots, ...foreign] = read();
    const { trustDomain, clock, federated = [] } = options;
    const { svid, bundle } = receiveSvid(
      { chain: [chain!], roots: [roots!], ...(trustDomain === undefined ? {} : { trustDomain }) },
      readPrivateKey(key!),
      clock.wallNow(),
    );
    const bundles = federated.map((one, index) => foreignBundle(one.trustDomain, foreign[index]!));
    return { svid, bundle: withFederated(bundle, bundles) };
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : 'they cannot be read';
    throw new MeshError(`the identity in ${pathsOf(options).join(', ')} cannot be used: ${because}`, {
      code: 'HEDDLE_IDENTITY_UNAVAILABLE',
      cause,
    });
  }
}

function pathsOf(options: FileIdentityOptions): readonly string[] {
  const { chainFile, keyFile, rootsFile, federated = [] } = options;
  return [chainFile, keyFile, rootsFile, ...federated.map(({ file }) => file)];
}

function foreignBundle(trustDomain: string, text: string): ForeignBundle {
  if (!text.trimStart().startsWith('{')) return { trustDomain, roots: [text] };
  const { roots } = readSpiffeBundle(trustDomain, text);
  return { trustDomain, roots };
}

/** Keys and certificates have some KiB; a bundle of a whole system's roots has 300. */
const MAX_FILE_BYTES = 1024 * 1024;

function checkSize(path: string, size: number): void {
  if (size <= MAX_FILE_BYTES) return;
  throw new MeshError(`${path} is longer than ${MAX_FILE_BYTES} bytes`, { code: 'HEDDLE_INVALID_SETTING' });
}

function readTextSync(path: string): string {
  checkSize(path, statSync(path).size);
  return readFileSync(path, 'utf8');
}

async function readText(path: string): Promise<string> {
  checkSize(path, (await stat(path)).size);
  return readFile(path, 'utf8');
}

function sameSvid(one: Svid, other: Svid): boolean {
  return one.chain.join('') === other.chain.join('') && one.key.equals(other.key);
}
