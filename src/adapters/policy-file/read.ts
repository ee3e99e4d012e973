/** Reading a file or folder of policy, whole, in a stable order. */
import type { Dirent } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshError } from '../../base/errors.js';
import { decodePolicy } from '../../policy/decode.js';
import type { PolicyFile } from '../../policy/resource.js';
import { formatMessage } from '../../policy/source.js';

const POLICY_FILE = /\.(ya?ml|json)$/i;
/** All files together. Policy that is larger is most likely not policy. */
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 16;

export interface PolicyFolder {
  /** Sorted by name. */
  readonly files: readonly PolicyFile[];
  /** Every folder that was read, with what tells it from another of the same name: a change in one may be a change of policy. */
  readonly folders: ReadonlyMap<string, string>;
}

/**
 * Reads `path`: the file itself, or every `*.yaml`, `*.yml` and `*.json` below the folder. Names that start with a dot are left out
 * (so each file of a mounted ConfigMap, which is there twice, is read once). Symbolic links are followed, each folder once.
 * @throws MeshError `HEDDLE_INVALID_POLICY` beyond the limits, and for a file that is not UTF-8; the file system's own error otherwise
 */
export async function readPolicyFolder(path: string): Promise<PolicyFolder> {
  const files: PolicyFile[] = [];
  const folders = new Map<string, string>();
  const seen = new Set<string>();
  let bytes = 0;

  async function readOne(file: string): Promise<void> {
    const { size } = await stat(file);
    bytes += size;
    if (bytes > MAX_TOTAL_BYTES) throw beyond(path, `more than ${MAX_TOTAL_BYTES} bytes of policy`);
    if (files.length >= MAX_FILES) throw beyond(path, `more than ${MAX_FILES} files of policy`);
    const decoded = decodePolicy(file, await readFile(file));
    if ('message' in decoded)
      throw new MeshError(formatMessage(decoded.message), { code: 'HEDDLE_INVALID_POLICY' });
    files.push({ file, text: decoded.text });
  }

  async function readFolder(folder: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw beyond(path, `folders more than ${MAX_DEPTH} deep`);
    const real = await realpath(folder);
    if (seen.has(real)) return;
    seen.add(real);
    folders.set(folder, await folderIdentity(folder));
    const entries = await readdir(folder, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const full = join(folder, entry.name);
      if (await isFolder(entry, full)) await readFolder(full, depth + 1);
      else if (POLICY_FILE.test(entry.name)) await readOne(full);
    }
  }

  if ((await stat(path)).isDirectory()) await readFolder(path, 0);
  else await readOne(path);
  return { files, folders };
}

/** Device and inode of the folder behind the name; empty if there is none. */
export async function folderIdentity(folder: string): Promise<string> {
  try {
    const { dev, ino } = await stat(folder);
    return `${dev}:${ino}`;
  } catch {
    return '';
  }
}

async function isFolder(entry: Dirent, full: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await stat(full)).isDirectory();
}

function beyond(path: string, what: string): MeshError {
  return new MeshError(`${path} holds ${what}`, { code: 'HEDDLE_INVALID_POLICY' });
}
