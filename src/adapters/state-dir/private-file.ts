import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Files that nobody but us may read or write. */

/**
 * What is in the file at `path`, or null if there is none. Synchronous: it is read at the start, before there is anything to hold up.
 * @throws Error saying why it is not believed: open to others, another user's, not a file of its own, or too long
 */
export function readPrivate(path: string, maxBytes: number): Buffer | null {
  let file: number;
  try {
    // A link could lead to a file that others may write.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw code === 'ELOOP' ? new Error('it is a link') : error;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error('it is not a file');
    if (stat.size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    if (process.getuid !== undefined) {
      if (stat.uid !== process.getuid()) throw new Error('it belongs to another user');
      if ((stat.mode & 0o077) !== 0) throw new Error('others may read or write it; its mode should be 0600');
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Puts `parts` in place of the file at `path`: all of them or none, and on the disk when it resolves. */
export async function writePrivate(path: string, parts: readonly (string | Buffer)[]): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  // A leftover of a killed process may have another mode, which `open` would keep.
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', 0o600);
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
