/**
 * One process a data directory: two would not see each other's writes. The lock is a socket, which the system closes however the
 * process ends; a file with a process ID would have to be believed after a crash.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { MeshError } from 'heddle/ports';

/** Longest path of a socket on the systems that we know. */
const MAX_PATH_BYTES = 103;

/**
 * @returns lets go; undefined: the path is too long for a socket, and nothing was locked
 * @throws MeshError `HEDDLE_INVALID_SETTING` if another process has the directory
 */
export async function lockDirectory(directory: string): Promise<(() => Promise<void>) | undefined> {
  const path = join(directory, 'lock.sock');
  if (process.platform === 'win32' || Buffer.byteLength(path) > MAX_PATH_BYTES) return undefined;
  let server = await listen(path);
  if (server === undefined && !(await answers(path)) && (await clear(directory, path))) {
    server = await listen(path);
  }
  if (server === undefined) {
    throw new MeshError(`dataDir (${directory}) is in use by another config service; stop that one first`, {
      code: 'HEDDLE_INVALID_SETTING',
    });
  }
  const held = server;
  return async () => {
    await new Promise((resolve) => held.close(resolve));
  };
}

/**
 * Takes away what a killed process left at `path`. Moved first, and only then removed: meanwhile it may be the socket of somebody who
 * was faster, and is put back then.
 * @returns false: somebody else was faster
 */
async function clear(directory: string, path: string): Promise<boolean> {
  const aside = join(directory, `.${randomBytes(4).toString('hex')}`);
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  if (await answers(aside)) {
    renameSync(aside, path);
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}

/** undefined: the path is taken. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
