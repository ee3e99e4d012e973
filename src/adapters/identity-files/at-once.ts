/**
 * Files that Kubernetes mounts are links into a folder that the link `..data` names, and to change them it swaps that one link. Whoever
 * follows it file by file may get a certificate of before and a key of after.
 * @source Kubernetes `pkg/volume/util/atomic_writer.go`
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** `paths`, with `..data` followed once for each folder: all that is read of one folder is of one version. */
export function atOnce(paths: readonly string[]): readonly string[] {
  const versions = new Map<string, string | null>();
  return paths.map((path) => {
    const folder = dirname(path);
    let version = versions.get(folder);
    if (version === undefined) versions.set(folder, (version = versionOf(folder)));
    return version === null ? path : join(version, basename(path));
  });
}

/** null for a folder that is none of Kubernetes'. */
function versionOf(folder: string): string | null {
  try {
    return realpathSync(join(folder, '..data'));
  } catch {
    return null;
  }
}
