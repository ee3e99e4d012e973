/**
 * TLS contexts made of PEM files, for destinations outside the mesh. Files that change are read again (cert-manager renews them, a
 * mounted Secret swaps its link); what cannot be used does not take the place of what could.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Clock } from '../../base/clock.js';
import { MeshError } from '../../base/errors.js';
import type { TlsSettings } from '../../model/destination.js';

/** Files are looked at again by the first connection after this long. */
const LOOK_AGAIN_MS = 1_000;

export interface FileContext {
  readonly context: SecureContext;
  /** Of the files and what they hold: sessions of other roots or another certificate are not to be resumed. */
  readonly key: string;
}

interface Known extends FileContext {
  /** What the files were when they were read. */
  readonly state: string;
  readonly read: number;
  lookAt: number;
}

export interface FileContextsOptions {
  readonly clock: Clock;
  readonly credentialsDir: string | null;
  readonly warn: (line: string) => void;
}

export class FileContexts {
  readonly #options: FileContextsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: FileContextsOptions) {
    this.#options = options;
  }

  /** @throws MeshError `HEDDLE_INVALID_SETTING` for files that cannot be used, and never could */
  contextOf(settings: TlsSettings): FileContext {
    const { clock, credentialsDir, warn } = this.#options;
    const paths = filesOf(settings, credentialsDir);
    const id = JSON.stringify(paths);
    const known = this.#known.get(id);
    if (known !== undefined && clock.now() < known.lookAt) return known;
    const state = stateOf(paths);
    if (known !== undefined) known.lookAt = clock.now() + LOOK_AGAIN_MS;
    if (known?.state === state) return known;
    try {
      const read = (known?.read ?? 0) + 1;
      const lookAt = clock.now() + LOOK_AGAIN_MS;
      const made: Known = { context: contextFrom(paths), key: `${id} ${read}`, state, read, lookAt };
      this.#known.set(id, made);
      return made;
    } catch (error) {
      if (known === undefined) throw error;
      warn(`${(error as Error).message}; connections go on with what was read before`);
      return known;
    }
  }

  clear(): void {
    this.#known.clear();
  }
}

function contextFrom(paths: readonly (string | undefined)[]): SecureContext {
  const [ca, cert, key, crl] = paths.map((path) => (path === undefined ? undefined : readText(path)));
  try {
    // OpenSSL takes roots that are none for no roots at all.
    for (const root of ca?.split(/(?=-----BEGIN )/).filter((part) => part.includes('-----BEGIN ')) ?? [])
      new X509Certificate(root);
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(crl === undefined ? {} : { crl }),
    });
  } catch (cause) {
    const named = paths.filter((path) => path !== undefined).join(', ');
    throw new MeshError(`the TLS files of a destination cannot be used: ${named}`, {
      code: 'HEDDLE_INVALID_SETTING',
      cause,
    });
  }
}

/** Of the roots, the certificate, its key, and the certificates that were revoked. */
function filesOf(settings: TlsSettings, credentialsDir: string | null): readonly (string | undefined)[] {
  const { credential, caCertificates, clientCertificate, privateKey, crl } = settings;
  if (credential === undefined) return [caCertificates, clientCertificate, privateKey, crl];
  if (credentialsDir === null)
    throw new MeshError(
      `policy names the credential '${credential}': set HEDDLE_CREDENTIALS_DIR to the folder that has it`,
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  // It comes from policy: it names a folder there, and cannot lead out of it.
  if (!/^[a-z0-9][-a-z0-9.]*$/i.test(credential))
    throw new MeshError(`'${credential}' is not the name of a credential`, {
      code: 'HEDDLE_INVALID_SETTING',
    });
  const at = (file: string) => join(credentialsDir, credential, file);
  return settings.mode === 'mutual' ? [at('ca.crt'), at('tls.crt'), at('tls.key')] : [at('ca.crt')];
}

/** Links are followed: a swapped link leads to another file. */
function stateOf(paths: readonly (string | undefined)[]): string {
  return paths
    .map((path) => {
      const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? '-' : `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    })
    .join();
}

/** Synchronous: it happens when a connection is made, once for each state of the files. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MeshError(`the TLS file ${path} cannot be read`, { code: 'HEDDLE_INVALID_SETTING', cause });
  }
}
