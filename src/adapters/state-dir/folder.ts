/**
 * The folder in which a workload keeps what it needs to start while the config service is away. A private key is among it, and whoever
 * could write there could steer the workload: nobody but us may read or write it.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MeshError } from '../../base/errors.js';
import { readPrivate } from './private-file.js';

const KEY_FILE = 'seal.key';
const KEY_BYTES = 32;

export interface StateFolder {
  readonly path: string;
  /** What files here are sealed with. It never leaves the folder, so that files of another one are not taken for ours. */
  readonly sealKey: Buffer;
}

/**
 * Opens the folder, and makes it if there is none.
 * @throws MeshError `HEDDLE_INVALID_SETTING` if it is somebody else's, others may read it, or it cannot be used
 */
export function openStateFolder(path: string): StateFolder {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const because = folderFault(path);
    if (because !== null) throw new Error(because);
    return { path, sealKey: sealKeyIn(path) };
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause);
    throw new MeshError(
      `the state folder ${path} (HEDDLE_STATE_DIR) is not used: ${because}. It holds a private key: give this workload a folder of its own, mode 0700`,
      { code: 'HEDDLE_INVALID_SETTING', cause },
    );
  }
}

function folderFault(path: string): string | null {
  const { uid, mode } = statSync(path);
  if (process.getuid === undefined) return null;
  if (uid !== process.getuid()) return `it belongs to user ${uid}, and we are user ${process.getuid()}`;
  if ((mode & 0o077) === 0) return null;
  return `others may read or write it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
}

function sealKeyIn(folder: string): Buffer {
  const path = join(folder, KEY_FILE);
  let present = readPrivate(path, KEY_BYTES);
  if (present === null) {
    makeKey(path);
    present = readPrivate(path, KEY_BYTES);
  }
  if (present?.length !== KEY_BYTES)
    throw new Error(`${KEY_FILE} is damaged; remove the folder, and it is made anew`);
  return present;
}

/** Whole or not at all, and never over one that another process has made meanwhile. */
function makeKey(path: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeSync(file, randomBytes(KEY_BYTES));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
