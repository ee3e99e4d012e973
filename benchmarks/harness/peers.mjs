/**
 * What we compare with. The peers are a package of their own in `benchmarks/peers`, installed on first use and never part of the SDK.
 * A peer that can't be had is null, and its rows are left out by name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const PEERS = new URL('../peers/', import.meta.url);
const require = createRequire(new URL('package.json', PEERS));

/** Installs them, if they are not there. @returns whether they are there now */
export function installPeers(progress) {
  if (existsSync(new URL('node_modules/.package-lock.json', PEERS))) return true;
  progress('installing the peers into benchmarks/peers …');
  const run = spawnSync(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1', '--fetch-timeout=30000'],
    {
      cwd: fileURLToPath(PEERS),
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (run.status === 0) return true;
  progress('THE PEERS COULD NOT BE INSTALLED: rows that need them are skipped, by name');
  return false;
}

/** @returns the module; null if it is not installed */
export async function peer(name) {
  try {
    return await import(pathToFileURL(require.resolve(name)).href);
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return null;
  }
}
