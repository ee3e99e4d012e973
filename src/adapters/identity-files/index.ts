/** Identity from PEM files that somebody else renews. */
import { join } from 'node:path';
import type { Clock } from '../../base/clock.js';
import { FileIdentity } from './file-identity.js';

export { FileIdentity, type FileIdentityOptions } from './file-identity.js';

/**
 * The identity in a folder with `cert.pem` (leaf first), `key.pem` and `ca.pem`, followed as the files change.
 * @throws MeshError `HEDDLE_IDENTITY_UNAVAILABLE` if they are missing or cannot be used
 */
export function openIdentityFiles(
  folder: string,
  parts: { readonly clock: Clock; readonly log: (line: string) => void },
): FileIdentity {
  return new FileIdentity({
    clock: parts.clock,
    chainFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    rootsFile: join(folder, 'ca.pem'),
    onFailure: (error) => parts.log(`the identity of before stays: ${String(error)}`),
  });
}
