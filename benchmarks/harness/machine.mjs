/** Versions and machine, for the head of every report. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

const root = new URL('../../', import.meta.url);

export function machine() {
  const [cpu] = cpus();
  return {
    node: process.version,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    system: `${process.platform} ${process.arch} ${release()}`,
    cpu: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0],
    heddle: `${versionAt(new URL('package.json', root))} (${commit()})`,
  };
}

/** @returns `name version` of each package, as it is installed; those that are not are left out */
export function versions(folder, names) {
  return names.flatMap((name) => {
    const version = versionAt(new URL(`node_modules/${name}/package.json`, folder));
    return version === undefined ? [] : `${name} ${version}`;
  });
}

function versionAt(url) {
  try {
    return JSON.parse(readFileSync(url, 'utf8')).version;
  } catch {
    return undefined;
  }
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', 'src') === '' ? '' : ', changed'}`;
  } catch {
    return 'no commit';
  }
}
