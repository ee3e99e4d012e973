/**
 * Identity from the SPIFFE Workload API. It speaks gRPC, which most processes do without, so it is a package of its own that is loaded
 * when it is asked for.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MeshError } from '../../base/errors.js';
import type { IdentitySource } from '../../ports/identity.js';

const PACKAGE = '@heddle/workload-api';

interface WorkloadApiPackage {
  readonly workloadApi: (options: { readonly log: (line: string) => void }) => IdentitySource;
}

/**
 * Follows the Workload API at `SPIFFE_ENDPOINT_SOCKET`.
 * @param folder where the application lies, for installations in which packages do not see their neighbours
 * @throws MeshError `HEDDLE_INVALID_SETTING` if the package is not installed, or there is no such endpoint
 */
export async function openWorkloadApi(
  log: (line: string) => void,
  folder = process.cwd(),
): Promise<IdentitySource> {
  const { workloadApi } = await load(folder);
  return workloadApi({ log });
}

async function load(folder: string): Promise<WorkloadApiPackage> {
  const path = found(() => createRequire(join(folder, 'package.json')).resolve(PACKAGE));
  const url = path === null ? found(() => import.meta.resolve(PACKAGE)) : pathToFileURL(path).href;
  try {
    if (url !== null) return (await import(url)) as WorkloadApiPackage;
  } catch (cause) {
    // `import.meta.resolve` does not look whether the file is there.
    if ((cause as NodeJS.ErrnoException & { url?: string }).url !== url) throw cause;
  }
  throw new MeshError(
    `HEDDLE_IDENTITY is spiffe, but the package ${PACKAGE} is not installed: npm install ${PACKAGE}`,
    { code: 'HEDDLE_INVALID_SETTING' },
  );
}

function found(resolve: () => string): string | null {
  try {
    return resolve();
  } catch {
    return null;
  }
}
