/** Identity from PEM files that somebody else renews. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { FileIdentity, type ForeignFile } from './file-identity.js';

export { FileIdentity, type FileIdentityOptions } from './file-identity.js';

const OURS = ['cert.pem', 'key.pem', 'ca.pem'] as const;
/** Of a Secret of type `kubernetes.io/tls`, and of cert-manager's CSI driver. */
const KUBERNETES = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/**
 * The identity in a folder with `cert.pem` (leaf first), `key.pem` and `ca.pem`, or with `tls.crt`, `tls.key` and `ca.crt` as cert-manager
 * and Kubernetes name them; followed as the files change.
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if they are missing or cannot be used
 */
export function openIdentityFiles(
  folder: string,
  parts: { readonly clock: Clock; readonly log: (line: string) => void },
  federated: readonly ForeignFile[] = [],
): FileIdentity {
  const names = existsSync(join(folder, KUBERNETES[0])) ? KUBERNETES : OURS;
  return new FileIdentity({
    clock: parts.clock,
    chainFile: join(folder, names[0]),
    keyFile: join(folder, names[1]),
    rootsFile: join(folder, names[2]),
    federated,
    onFailure: (error) => parts.log(`the identity of before stays: ${String(error)}`),
  });
}
