/**
 * What a workload without a certificate shows: a join token, or the token that a platform gave it (Kubernetes' projected service-account
 * token). And how it recognises whom to show it to: a join token carries the fingerprint of the root, with all others the roots come in a file.
 */
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { MeshError } from '../../base/errors.js';
import { parseToken } from '../../ports/control-protocol.js';
import { fingerprint } from '../../security/bundle/bundle.js';
import { splitPem } from '../../security/certificate/pem.js';

export interface JoinProofOptions {
  /** The token itself. */
  readonly token?: string;
  /** File that holds it, read anew each time: platforms replace theirs. Goes before `token`. */
  readonly tokenFile?: string;
  /** File with the roots of the config service, PEM. Needed with a token that is no join token. */
  readonly controlCaFile?: string;
}

/** Tokens have some KiB, a bundle of a whole system's roots has 300. */
const MAX_FILE_BYTES = 1024 * 1024;

export class JoinProof {
  readonly #options: JoinProofOptions;

  /** @throws MeshError `HEDDLE_INVALID_SETTING` if there is no token, or nothing by which to recognise the service */
  constructor(options: JoinProofOptions) {
    this.#options = options;
    this.pins();
  }

  /**
   * The token as it is now.
   * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` for a file that cannot be read
   */
  async token(): Promise<string> {
    const { tokenFile, token } = this.#options;
    if (tokenFile === undefined) return token ?? '';
    try {
      checkSize((await stat(tokenFile)).size);
      return (await readFile(tokenFile, 'utf8')).trim();
    } catch (cause) {
      throw new MeshError(`the token in ${tokenFile} cannot be read: ${messageOf(cause)}`, {
        code: 'HEDDLE_IDENTITY_UNAVAILABLE',
        cause,
      });
    }
  }

  /** SHA-256 (hex) of the roots, any of which is a config service's that we believe. At least one. @throws as the constructor */
  pins(): readonly string[] {
    const { tokenFile, controlCaFile } = this.#options;
    const token = tokenFile === undefined ? this.#options.token : readSetting(tokenFile, 'HEDDLE_TOKEN_FILE');
    const roots = controlCaFile === undefined ? [] : rootsOf(controlCaFile);
    if (token === undefined || token === '') throw invalid('a config service on https:// needs a join token');
    const parts = parseToken(token);
    if (parts?.pin === '-') throw invalid('the join token is of a config service without TLS');
    if (parts !== undefined) return [parts.pin, ...roots];
    if (roots.length > 0) return roots;
    if (token.startsWith('heddle1.') || token.split('.').length !== 3)
      throw invalid('the join token is not one (heddle1.<id>.<secret>.<pin>)');
    throw new MeshError(
      "the token is not a join token, so it does not say how to recognise the config service: name a file with the service's roots in HEDDLE_CONTROL_CA_FILE",
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
}

function rootsOf(path: string): readonly string[] {
  const text = readSetting(path, 'HEDDLE_CONTROL_CA_FILE');
  try {
    const pins = splitPem('CERTIFICATE', text).map(fingerprint);
    if (pins.length > 0) return pins;
  } catch {
    // Said below.
  }
  throw new MeshError(`HEDDLE_CONTROL_CA_FILE: ${path} has no certificates in PEM form`, {
    code: 'HEDDLE_INVALID_SETTING',
  });
}

function readSetting(path: string, name: string): string {
  try {
    checkSize(statSync(path).size);
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new MeshError(`${name}: ${path} cannot be read: ${messageOf(cause)}`, {
      code: 'HEDDLE_INVALID_SETTING',
      cause,
    });
  }
}

function checkSize(size: number): void {
  if (size > MAX_FILE_BYTES) throw new Error(`it is longer than ${MAX_FILE_BYTES} bytes`);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function invalid(because: string): MeshError {
  return new MeshError(`${because}; make a token with \`heddle token create\``, {
    code: 'HEDDLE_INVALID_SETTING',
  });
}
