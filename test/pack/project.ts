/** Packs every package as it would be published, and makes an empty project that has them installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface PackedFile {
  readonly path: string;
}

export interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly PackedFile[];
}

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly types?: string;
  readonly engines?: { readonly node?: string };
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

/** Folders of what is published, the SDK first. */
export function published(): string[] {
  const folders = readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name));
  return ['.', ...folders].filter((folder) => manifest(folder).private !== true);
}

export function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Tarballs in `destination`, one a folder. */
export function pack(folders: readonly string[], destination: string): Packed[] {
  const specs = folders.map((folder) => (folder === '.' ? '.' : `./${folder}`));
  const output = npm(ROOT, [
    'pack',
    '--json',
    '--ignore-scripts',
    '--pack-destination',
    destination,
    ...specs,
  ]);
  return JSON.parse(output) as Packed[];
}

/**
 * An empty project that installs the tarballs. Third-party packages come in the versions of our lock file, from npm's cache
 * where it has them: the registry is asked for nothing that set-up did not ask for.
 */
export function install(project: string, tarballs: readonly string[], packed: readonly Packed[]): void {
  mkdirSync(project, { recursive: true });
  const dependencies = Object.fromEntries(
    packed.map(({ name, filename }) => [name, `file:${tarballs.find((path) => path.endsWith(filename))}`]),
  );
  const description = { name: 'consumer', version: '1.0.0', private: true, type: 'module', dependencies };
  writeFileSync(join(project, 'package.json'), JSON.stringify(description));
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify(lockOfThirdParties(description)));
  npm(project, ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
  // Types of the platform come with the consumer's own tools.
  mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
  const types = join(project, 'node_modules/@types/node');
  if (!existsSync(types)) symlinkSync(join(ROOT, 'node_modules/@types/node'), types);
}

interface Locked {
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

function lockOfThirdParties(description: object): object {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    lockfileVersion: number;
    packages: Record<string, Locked>;
  };
  const peers = peersIn(lock.packages);
  const kept = Object.entries(lock.packages).filter(
    ([path, { link, dev }]) =>
      path.startsWith('node_modules/') && link !== true && (dev !== true || peers.has(path)),
  );
  // Here a peer is for development; to who installs us it is not.
  const packages = Object.fromEntries(kept.map(([path, { dev: _, ...locked }]) => [path, locked]));
  return { ...description, lockfileVersion: lock.lockfileVersion, packages };
}

/** Where the lock has what our packages want beside them, and all that this wants in turn. */
function peersIn(packages: Readonly<Record<string, Locked>>): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string, from: string): void => {
    let folder = from;
    while (folder !== '' && packages[`${folder}/node_modules/${name}`] === undefined)
      folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')));
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    const locked = packages[path];
    if (locked === undefined || locked.link === true || found.has(path)) return;
    found.add(path);
    for (const wanted of Object.keys({ ...locked.dependencies, ...locked.peerDependencies }))
      add(wanted, path);
  };
  for (const folder of published())
    for (const name of Object.keys(packages[folder === '.' ? '' : folder]?.peerDependencies ?? {}))
      add(name, '');
  return found;
}

/** Binaries of every supported Node that is here, and the names of those that are not. */
export function nodes(): {
  readonly present: readonly (readonly [string, string])[];
  readonly absent: string[];
} {
  const others = ['node22', 'node24'].map(
    (name) => [name, join(ROOT, 'test/nodes/node_modules', name, 'bin/node')] as const,
  );
  return {
    present: [['this Node', process.execPath] as const, ...others.filter(([, path]) => existsSync(path))],
    absent: others.filter(([, path]) => !existsSync(path)).map(([name]) => name),
  };
}

/** Standard output. @throws Error with all that was printed */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${status}\n${stdout}${stderr}`);
  return stdout;
}

function npm(cwd: string, args: readonly string[]): string {
  // Settings of an `npm test` around us are not the consumer's.
  const own = /^npm_(config_(workspace|prefix|local)|package|lifecycle|command)/;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  return execFileSync('npm', args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
