/** The root of the mesh's trust: made on the first start, kept in one file (certificate and key) that only its owner may read. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, MeshError } from 'heddle/ports';
import { createRoot, type IssuerPair } from 'heddle/security';
import { readFileIfAny, writePrivateFile } from './private-file.js';

export interface RootOptions {
  readonly directory: string;
  readonly trustDomain: string;
  readonly clock: Clock;
  /** The directory holds no mesh yet, so that there is no root that a new one would replace. */
  readonly isNew: boolean;
}

/** Ten years: the root is replaced by an overlapping one, not by expiry. */
const LIFETIME_MS = 3_652 * 86_400_000;

/**
 * Reads `ca.pem` in the directory, or makes it if the directory is new.
 * @throws MeshError `HEDDLE_INVALID_SETTING` if the file is lost or broken, or is another trust domain's
 */
export async function loadRoot(options: RootOptions): Promise<IssuerPair> {
  const path = join(options.directory, 'ca.pem');
  const text = readFileIfAny(path);
  if (text !== undefined) return readRoot(path, text, options.trustDomain);
  if (!options.isNew) {
    // Another root would cut off every workload and every token, the operator's included.
    throw new MeshError(
      `${path} is missing, but its directory holds the state of a mesh; restore it from a backup, or begin anew in an empty directory`,
      { code: 'HEDDLE_INVALID_SETTING' },
    );
  }
  const root = await createRoot({
    trustDomain: options.trustDomain,
    lifetimeMs: LIFETIME_MS,
    wallNow: options.clock.wallNow(),
  });
  writePrivateFile(path, `${root.certificate}${root.key.export({ type: 'pkcs8', format: 'pem' })}`);
  return root;
}

function readRoot(path: string, text: string, trustDomain: string): IssuerPair {
  const fail = (because: string, cause?: unknown) =>
    new MeshError(`${path} ${because}`, { code: 'HEDDLE_INVALID_SETTING', cause });
  let certificate: X509Certificate;
  let key: IssuerPair['key'];
  try {
    certificate = new X509Certificate(text);
    key = createPrivateKey(text);
  } catch (error) {
    throw fail('does not hold a certificate and its private key; restore it from a backup', error);
  }
  if (!certificate.checkPrivateKey(key)) throw fail('holds a private key of another certificate');
  if (!(certificate.subjectAltName ?? '').split(', ').includes(`URI:spiffe://${trustDomain}`)) {
    throw fail(`is the root of another trust domain than ${trustDomain} (${certificate.subjectAltName})`);
  }
  return { certificate: certificate.toString(), key };
}
